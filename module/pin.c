// SPDX-License-Identifier: GPL-2.0-only
/* Long-term pins of the VMM's memory, charged to RLIMIT_MEMLOCK. */
#include "memory.h"

#include <linux/sched/mm.h>

/* -ENOMEM beyond the limit of the process. */
int rd_charge(struct rd_vm *vm, unsigned long pages)
{
	int err = account_locked_vm(vm->mm, pages, true);

	if (!err)
		vm->locked_pages += pages;
	return err;
}

void rd_charge_refused(unsigned long pages)
{
	pr_info_ratelimited("guest memory is locked and %s[%d] may not lock %lu KiB more: raise RLIMIT_MEMLOCK (ulimit -l)\n",
			    current->comm, task_pid_nr(current), pages << (PAGE_SHIFT - 10));
}

void rd_uncharge(struct rd_vm *vm, unsigned long pages)
{
	pages = min(pages, vm->locked_pages);
	if (pages)
		account_locked_vm(vm->mm, pages, false);
	vm->locked_pages -= pages;
}

/* A page with a file system behind it would be written back by the host after it had become the guest's. */
static bool rd_page_suitable(const struct rd_vm *vm, struct page *page)
{
	return !vm->protected || folio_test_swapbacked(page_folio(page));
}

int rd_pin(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, struct page **page)
{
	const unsigned int flags = FOLL_LONGTERM | (slot->readonly ? 0 : FOLL_WRITE);
	unsigned long hva = slot->hva + ((gfn - slot->gfn) << PAGE_SHIFT);
	int got = pin_user_pages_fast(hva, 1, flags, page);

	if (got != 1)
		return got < 0 ? got : -EFAULT;
	if (rd_page_suitable(vm, *page))
		return 0;
	unpin_user_page(*page);
	pr_info_ratelimited("memory of a protected VM must be anonymous or memfd\n");
	return -EPERM;
}

/* Whether the batch is one aligned block of one folio: neighbours by chance may be another file's, which nobody looked at. */
static bool rd_batch_is_block(const struct rd_vm *vm, int got)
{
	struct page *const first = vm->batch[0];
	const struct folio *folio = page_folio(first);
	int i;

	if (got != RD_BLOCK_PAGES || !IS_ALIGNED(page_to_pfn(first), RD_BLOCK_PAGES))
		return false;
	if (folio_page_idx(folio, first) + RD_BLOCK_PAGES > folio_nr_pages(folio))
		return false;
	for (i = 1; i < got; i++)
		if (vm->batch[i] != first + i)
			return false;
	return true;
}

/* Pins the 512 pages from gfn into vm->batch if one transparent huge page backs them. 0, or an error: try a single page. */
int rd_pin_block(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn)
{
	unsigned long hva = slot->hva + ((gfn - slot->gfn) << PAGE_SHIFT);
	int got;

	got = pin_user_pages_fast(hva, RD_BLOCK_PAGES, FOLL_LONGTERM | FOLL_WRITE, vm->batch);
	if (got <= 0)
		return -EFAULT;
	if (rd_batch_is_block(vm, got) && rd_page_suitable(vm, vm->batch[0]))
		return 0;
	unpin_user_pages(vm->batch, got);
	return -EAGAIN;
}
