// SPDX-License-Identifier: GPL-2.0-only
/*
 * The initial image of a protected VM: at the first KVM_RUN every resident page of guest memory that is not all zero goes
 * to EL2 with its content, by ascending guest address, and is measured there. Nothing is faulted in for it.
 */
#include "memory.h"

#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

/* Tells what RAM there is. EL2 may do a part and ask for table pages. */
static int rd_image_declare(struct rd_vm *vm, const struct rk_slot *slot)
{
	struct rd_answer answer;
	u64 done = 0;
	int stalls = 0;

	while (done < slot->pages && stalls < 3) {
		answer = rd_mem_call(vm, RD_CALL_VM_SET_RAM, slot->gfn + done, slot->pages - done, 0, 0);
		if (answer.status)
			return rk_errno(answer.status);
		stalls = answer.x1 ? 0 : stalls + 1;
		done += answer.x1;
		if (done < slot->pages && rd_mem_topup(vm, 8))
			return -ENOMEM;
		cond_resched();
	}
	return done == slot->pages ? 0 : -EIO;
}

/* Whether a memfd has something at this address: a page, or an entry that says where it was swapped to. */
static bool rd_image_file_resident(struct vm_area_struct *vma, unsigned long hva)
{
	return xa_load(&vma->vm_file->f_mapping->i_pages, linear_page_index(vma, hva));
}

/*
 * Pins the page at hva if it has content. FOLL_DUMP (made for core dumps) fails where an anonymous mapping has nothing or
 * the zero page, and brings in what was swapped out; for a memfd it would allocate, so that is asked first.
 * 1 pinned, 0 nothing there.
 */
static int rd_image_pin(unsigned long hva, struct page **page)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool resident = false;
	long got = 0;

	mmap_read_lock(mm);
	vma = find_vma(mm, hva);
	if (vma && vma->vm_start <= hva)
		resident = !vma->vm_file || rd_image_file_resident(vma, hva);
	if (resident)
		got = pin_user_pages(hva, 1, FOLL_DUMP | FOLL_WRITE | FOLL_LONGTERM, page);
	mmap_read_unlock(mm);
	return got == 1;
}

static bool rd_page_is_zero(struct page *page)
{
	return !memchr_inv(page_address(page), 0, PAGE_SIZE);
}

static int rd_image_donate(struct rd_vm *vm, u64 gfn, struct page *page)
{
	struct rd_chunk *chunk = rd_chunk_get(vm, gfn);
	int err;

	if (!chunk) {
		unpin_user_page(page);
		return -ENOMEM;
	}
	*rd_record_in(chunk, gfn) = rd_record_of(page, RD_PAGE_HELD);
	err = rk_errno(rd_mem_call(vm, RD_CALL_MEM_DONATE_IMAGE, gfn, page_to_pfn(page), 0, 0).status);
	if (!err)
		*rd_record_in(chunk, gfn) = rd_record_of(page, RD_PAGE_PRIVATE);
	return err;
}

static int rd_image_page(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn)
{
	struct page *page;

	vm->image_gfn = gfn;
	if (!rd_image_pin(slot->hva + ((gfn - slot->gfn) << PAGE_SHIFT), &page))
		return 0;
	if (rd_page_is_zero(page)) {
		unpin_user_page(page);
		return 0;
	}
	if (!folio_test_swapbacked(page_folio(page))) {
		unpin_user_page(page);
		pr_info_ratelimited("memory of a protected VM must be anonymous or memfd\n");
		return -EPERM;
	}
	return rd_image_donate(vm, gfn, page);
}

/* Bytes from hva on of which the page tables know nothing at all, up to the next table. */
static unsigned long rd_image_hole(struct mm_struct *mm, unsigned long hva)
{
	struct vm_area_struct *vma = find_vma(mm, hva);
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;

	if (vma && vma->vm_start <= hva && vma->vm_file)
		return 0; /* what a memfd holds need not be mapped here */
	pgd = pgd_offset(mm, hva);
	if (pgd_none(READ_ONCE(*pgd)))
		return PGDIR_SIZE - (hva & ~PGDIR_MASK);
	p4d = p4d_offset(pgd, hva);
	if (p4d_none(READ_ONCE(*p4d)))
		return P4D_SIZE - (hva & ~P4D_MASK);
	pud = pud_offset(p4d, hva);
	if (pud_none(READ_ONCE(*pud)))
		return PUD_SIZE - (hva & ~PUD_MASK);
	if (pud_leaf(READ_ONCE(*pud)) || !pmd_none(READ_ONCE(*pmd_offset(pud, hva))))
		return 0;
	return PMD_SIZE - (hva & ~PMD_MASK);
}

/* Page tables of a mapped range are freed only with mmap_lock held for writing. */
static u64 rd_image_skip(unsigned long hva)
{
	unsigned long hole;

	mmap_read_lock(current->mm);
	hole = rd_image_hole(current->mm, hva);
	mmap_read_unlock(current->mm);
	return hole >> PAGE_SHIFT;
}

static int rd_image_slot(struct rd_vm *vm, const struct rk_slot *slot)
{
	unsigned long hva;
	u64 i = 0, hole;
	int err = 0;

	while (!err && i < slot->pages) {
		hva = slot->hva + (i << PAGE_SHIFT);
		hole = IS_ALIGNED(hva, PMD_SIZE) || !i ? rd_image_skip(hva) : 0;
		if (!hole)
			err = rd_image_page(vm, slot, slot->gfn + i);
		i += max(hole, 1ull);
		if (fatal_signal_pending(current) || READ_ONCE(vm->dead))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

/* Under vm->lock, which keeps the memslots as they are. */
int rd_image_load(struct rd_vm *vm)
{
	struct rk_slot slot;
	int err;
	u32 i;

	mutex_lock(&vm->mem_lock);
	err = READ_ONCE(vm->dead) ? -EIO : rd_charge(vm, rk_slot_total_pages(vm->logic));
	if (err) {
		mutex_unlock(&vm->mem_lock);
		rd_charge_refused(rk_slot_total_pages(vm->logic));
		return err;
	}
	for (i = 0; !err && rk_slot_at(vm->logic, i, &slot); i++)
		err = rd_image_declare(vm, &slot);
	for (i = 0; !err && rk_slot_at(vm->logic, i, &slot); i++)
		err = rd_image_slot(vm, &slot);
	mutex_unlock(&vm->mem_lock);
	if (err) {
		/* Half an image cannot be taken back or completed. */
		WRITE_ONCE(vm->dead, true);
		pr_info_ratelimited("VM %u cannot start: its memory was not accepted at page %#llx (%d)\n", vm->handle,
				    vm->image_gfn, err);
	}
	return err;
}
