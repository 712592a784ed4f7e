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
			continue;
		}
		record = rd_record_in(chunk, gfn);
		if (*record && rd_page_state(*record) == left)
			*record = rd_record_of(rd_page_of(*record), RD_PAGE_HELD);
	}
	mutex_unlock(&vm->mem_lock);
}

static void rd_release_records(struct rd_vm *vm, struct rd_chunk *chunk, u64 gfn, u64 pages)
{
	unsigned long *record;
	struct page *page;
	u64 i;

	for (i = 0; i < pages; i++) {
		record = rd_record_in(chunk, gfn + i);
		if (!*record)
			continue;
		page = rd_page_of(*record);
		*record = 0;
		unpin_user_pages_dirty_lock(&page, 1, true);
		rd_uncharge(vm, 1);
	}
}

/* Inside one chunk. If EL2 refuses, the host's pages stay pinned: the guest may still reach them. */
static void rd_unmap_part(struct rd_vm *vm, u64 gfn, u64 pages)
{
	struct rd_chunk *chunk = rd_chunk_find(vm, gfn);
	struct rd_answer answer;

	if (rd_chunk_empty(chunk))
		return;
	answer = rd_call3(RD_CALL_MEM_UNSHARE, vm->handle, rd_shared_gfn(vm, gfn), pages);
	if (answer.status)
		pr_warn("cannot take guest pages back (%ld); they stay locked\n", answer.status);
	else
		rd_release_records(vm, chunk, gfn, pages);
}

/* For a removed memslot. A protected VM has nothing mapped yet when that is allowed. */
void rd_mem_unmap(struct rd_vm *vm, u64 gfn, u64 pages)
{
	const u64 end = gfn + pages;
	u64 next;

	mutex_lock(&vm->mem_lock);
	for (; gfn < end; gfn = next) {
		next = min(end, round_down(gfn, RD_BLOCK_PAGES) + RD_BLOCK_PAGES);
		rd_unmap_part(vm, gfn, next - gfn);
	}
	mutex_unlock(&vm->mem_lock);
}
