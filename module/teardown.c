// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a VM: every page comes back to the host, wiped by EL2 if it was the guest's, and only then to the kernel.
 * A page that EL2 does not return is leaked on purpose: the kernel must never reuse memory that somebody else owns.
 */
#include "memory.h"

#include <linux/delay.h>

#define RD_TEARDOWN_TRIES 1000

/* BUSY while a vCPU is inside the guest; nobody holds one when the last file is closed, a reboot has just kicked them. */
static int rd_teardown_begin(struct rd_vm *vm)
{
	long status = RD_E_BUSY;
	int tries;

	for (tries = 0; status == RD_E_BUSY && tries < RD_TEARDOWN_TRIES; tries++) {
		status = rd_call1(RD_CALL_VM_TEARDOWN, vm->handle).status;
		if (status == RD_E_BUSY) {
			rd_vm_kick(vm, U32_MAX);
			usleep_range(100, 200);
		}
	}
	return status;
}

/* Whatever the records say: EL2 skips what is not mapped. */
static void rd_return_shared(struct rd_vm *vm)
{
	struct rd_chunk *chunk;
	unsigned long index;

	xa_for_each(&vm->chunks, index, chunk) {
		rd_call3(RD_CALL_MEM_UNSHARE, vm->handle, rd_shared_gfn(vm, (u64)index * RD_BLOCK_PAGES), RD_BLOCK_PAGES);
		cond_resched();
	}
}

/* Reclaims `pages` pages from pfn on; answers how many came back. A page that is ours already counts as one. */
static u64 rd_reclaim(u64 pfn, u64 pages)
{
	u64 done = 0;
	struct rd_answer answer;

	while (done < pages) {
		answer = rd_call2(RD_CALL_PAGE_RECLAIM, pfn + done, min_t(u64, pages - done, RD_BLOCK_PAGES));
		if (answer.status || !answer.x1)
			break;
		done += answer.x1;
		cond_resched();
	}
	return done;
}

/* How many records from i on are private and physically contiguous. */
static u32 rd_private_run(const struct rd_chunk *chunk, u32 i)
{
	const struct page *first = rd_page_of(chunk->record[i]);
	u32 count = 0;

	while (i + count < RD_BLOCK_PAGES) {
		unsigned long record = chunk->record[i + count];

		if (!record || rd_page_state(record) != RD_PAGE_PRIVATE ||
		    page_to_pfn(rd_page_of(record)) != page_to_pfn(first) + count)
			break;
		count++;
	}
	return count;
}

static void rd_return_chunk(struct rd_chunk *chunk)
{
	u32 i = 0, count, done, k;

	while (i < RD_BLOCK_PAGES) {
		count = rd_private_run(chunk, i);
		if (!count) {
			i++;
			continue;
		}
		done = rd_reclaim(page_to_pfn(rd_page_of(chunk->record[i])), count);
		for (k = i; k < i + done; k++)
			chunk->record[k] = rd_record_of(rd_page_of(chunk->record[k]), RD_PAGE_HELD);
		if (done < count) {
			pr_warn_ratelimited("a guest page was not returned by the hypervisor; leaking it\n");
			chunk->record[i + done] = 0;
		}
		i += max(done, 1u);
	}
}

static void rd_return_private(struct rd_vm *vm)
{
	struct rd_chunk *chunk;
	unsigned long index;

	xa_for_each(&vm->chunks, index, chunk)
		rd_return_chunk(chunk);
}

static void rd_unpin_chunk(struct rd_vm *vm, struct rd_chunk *chunk)
{
	u32 i, count = 0;

	for (i = 0; i < RD_BLOCK_PAGES; i++) {
		if (chunk->record[i])
			vm->batch[count++] = rd_page_of(chunk->record[i]);
	}
	unpin_user_pages_dirty_lock(vm->batch, count, true);
}

static void rd_unpin_all(struct rd_vm *vm)
{
	struct rd_chunk *chunk;
	unsigned long index;

	xa_for_each(&vm->chunks, index, chunk) {
		rd_unpin_chunk(vm, chunk);
		kfree(chunk);
		cond_resched();
	}
	xa_destroy(&vm->chunks);
	rd_uncharge(vm, vm->locked_pages);
}

/* Each meta page was allocated alone, except the root: its two pages come back one by one all the same. */
static void rd_return_meta(struct rd_vm *vm)
{
	unsigned long pfn;
	void *page;

	xa_for_each(&vm->meta, pfn, page) {
		if (rd_reclaim(pfn, 1) == 1)
			__free_page(page);
		else
			pr_warn_ratelimited("page %#lx was not returned by the hypervisor; leaking it\n", pfn);
	}
	xa_destroy(&vm->meta);
}

/* Idempotent: a reboot does it while files are still open. */
void rd_vm_teardown(struct rd_vm *vm)
{
	long status;

	mutex_lock(&vm->mem_lock);
	if (vm->torn_down)
		goto out;
	vm->torn_down = true;
	WRITE_ONCE(vm->dead, true);
	status = rd_teardown_begin(vm);
	if (status) {
		vm->stuck = true;
		pr_err("VM %u cannot be torn down (%ld); its memory is lost until reboot\n", vm->handle, status);
		goto out;
	}
	rd_return_shared(vm);
	rd_return_private(vm);
	rd_return_meta(vm);
	status = rd_call1(RD_CALL_VM_DESTROY, vm->handle).status;
	vm->stuck = status;
	if (status)
		pr_warn("VM %u keeps its handle (%ld)\n", vm->handle, status);
	rd_unpin_all(vm);
out:
	mutex_unlock(&vm->mem_lock);
}
