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

static void rd_return_shared(struct rd_vm *vm)
{
	unsigned long gfn, last = 0;
	bool any = false;
	void *entry;

	xa_for_each(&vm->pages, gfn, entry) {
		if (rd_page_state(entry) == RD_PAGE_PRIVATE || (any && gfn <= last))
			continue;
		last = gfn | (RD_BLOCK_PAGES - 1);
		any = true;
		rd_call3(RD_CALL_MEM_UNSHARE, vm->handle, rd_shared_gfn(vm, gfn & ~(RD_BLOCK_PAGES - 1UL)), RD_BLOCK_PAGES);
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

/* The run of pages in vm->pages from *gfn on that is private and physically contiguous; 0 if *gfn is not private. */
static u64 rd_private_run(struct rd_vm *vm, u64 gfn, u64 *pfn)
{
	u64 count = 0;
	void *entry;

	for (; count < RD_BLOCK_PAGES; count++) {
		entry = xa_load(&vm->pages, gfn + count);
		if (!entry || rd_page_state(entry) != RD_PAGE_PRIVATE)
			break;
		if (!count)
			*pfn = page_to_pfn(rd_page_of(entry));
		else if (page_to_pfn(rd_page_of(entry)) != *pfn + count)
			break;
	}
	return count;
}

static void rd_leak(struct rd_vm *vm, u64 gfn)
{
	pr_warn_ratelimited("guest page %#llx was not returned by the hypervisor; leaking it\n", gfn);
	xa_erase(&vm->pages, gfn);
}

static void rd_return_private(struct rd_vm *vm)
{
	unsigned long gfn;
	u64 count, done, pfn, i;
	void *entry;

	xa_for_each(&vm->pages, gfn, entry) {
		count = rd_private_run(vm, gfn, &pfn);
		if (!count)
			continue;
		done = rd_reclaim(pfn, count);
		for (i = 0; i < done; i++) {
			entry = xa_load(&vm->pages, gfn + i);
			xa_store(&vm->pages, gfn + i, rd_page_entry(rd_page_of(entry), RD_PAGE_HELD), GFP_KERNEL);
		}
		if (done < count)
			rd_leak(vm, gfn + done);
		if (done)
			gfn += done - 1;
	}
}

static void rd_unpin_all(struct rd_vm *vm)
{
	unsigned long gfn;
	struct page *page;
	void *entry;

	xa_for_each(&vm->pages, gfn, entry) {
		page = rd_page_of(entry);
		unpin_user_pages_dirty_lock(&page, 1, true);
	}
	xa_destroy(&vm->pages);
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
