// SPDX-License-Identifier: GPL-2.0-only
/* Records of guest pages, and what takes pages away again while the VM lives. */
#include "memory.h"

/* The chunk stays until the VM goes. */
struct rd_chunk *rd_chunk_get(struct rd_vm *vm, u64 gfn)
{
	struct rd_chunk *chunk = rd_chunk_find(vm, gfn);

	if (chunk)
		return chunk;
	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (chunk && xa_err(xa_store(&vm->chunks, gfn / RD_BLOCK_PAGES, chunk, GFP_KERNEL_ACCOUNT))) {
		kfree(chunk);
		return NULL;
	}
	return chunk;
}

bool rd_chunk_empty(const struct rd_chunk *chunk)
{
	return !chunk || !memchr_inv(chunk, 0, sizeof(*chunk));
}

/* EL2 took pages out of one half of a protected VM: they are ours again, and mapped when next touched. */
void rd_mem_ripas(struct rd_vm *vm, u64 from, u64 to, bool ram)
{
	const enum rd_page_state left = ram ? RD_PAGE_SHARED : RD_PAGE_PRIVATE;
	struct rd_chunk *chunk;
	unsigned long *record;
	u64 gfn;

	mutex_lock(&vm->mem_lock);
	for (gfn = from >> PAGE_SHIFT; gfn < to >> PAGE_SHIFT; gfn++) {
		chunk = rd_chunk_find(vm, gfn);
		if (!chunk) {
			gfn |= RD_BLOCK_PAGES - 1;
			cond_resched();
			continue;
		}
		record = rd_record_in(chunk, gfn);
		if (*record && rd_page_state(*record) == left)
			*record = rd_record_moved(*record, RD_PAGE_HELD);
	}
	mutex_unlock(&vm->mem_lock);
}

/* Unpins what `count` records say and forgets it. Uses vm->batch: first what the guest may have written, then the rest. */
void rd_unpin_records(struct rd_vm *vm, unsigned long *records, u32 count)
{
	u32 i, written = 0, rest = RD_BLOCK_PAGES;

	for (i = 0; i < count; i++) {
		if (!records[i])
			continue;
		if (records[i] & RD_RECORD_READONLY)
			vm->batch[--rest] = rd_page_of(records[i]);
		else
			vm->batch[written++] = rd_page_of(records[i]);
		records[i] = 0;
	}
	unpin_user_pages_dirty_lock(vm->batch, written, true);
	unpin_user_pages(vm->batch + rest, RD_BLOCK_PAGES - rest);
}

static u32 rd_count_records(const unsigned long *records, u32 count)
{
	u32 i, used = 0;

	for (i = 0; i < count; i++)
		used += records[i] != 0;
	return used;
}

/* Inside one chunk. If EL2 refuses, the host's pages stay pinned: the guest may still reach them. */
static int rd_unmap_part(struct rd_vm *vm, u64 gfn, u64 pages)
{
	struct rd_chunk *chunk = rd_chunk_find(vm, gfn);
	struct rd_answer answer;
	unsigned long *records;
	u32 used;

	if (rd_chunk_empty(chunk))
		return 0;
	answer = rd_mem_call(vm, RD_CALL_MEM_UNSHARE, rd_shared_gfn(vm, gfn), pages, 0, 0);
	if (answer.status) {
		pr_warn_ratelimited("cannot take guest pages back (%ld); they stay locked\n", answer.status);
		return rk_errno(answer.status);
	}
	records = rd_record_in(chunk, gfn);
	used = rd_count_records(records, pages);
	rd_unpin_records(vm, records, pages);
	rd_uncharge(vm, used);
	return 0;
}

/*
 * For a memslot to be removed; if this fails it must stay: what the guest still reaches would be taken for pages of the next
 * slot. A protected VM has nothing mapped yet when that is allowed.
 */
int rd_mem_unmap(struct rd_vm *vm, u64 gfn, u64 pages)
{
	const u64 end = gfn + pages;
	int err = 0;
	u64 next;

	mutex_lock(&vm->mem_lock);
	for (; !err && gfn < end; gfn = next) {
		next = min(end, round_down(gfn, RD_BLOCK_PAGES) + RD_BLOCK_PAGES);
		err = rd_unmap_part(vm, gfn, next - gfn);
		cond_resched();
	}
	mutex_unlock(&vm->mem_lock);
	return err;
}
