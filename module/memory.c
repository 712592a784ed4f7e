// SPDX-License-Identifier: GPL-2.0-only
/* Supplying guests with pages: ordinary VMs share the VMM's memory, protected VMs are given it. */
#include "memory.h"

/* Tables for one call: a path of three levels in each half, and slack for blocks that EL2 splits. */
#define RD_TOPUP_PAGES 8u

struct page *rd_meta_alloc(unsigned int order)
{
	return alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, order);
}

/* Remembers a page that belongs to EL2 now. */
int rd_meta_track(struct rd_vm *vm, struct page *page)
{
	int err = xa_err(xa_store(&vm->meta, page_to_pfn(page), page, GFP_KERNEL_ACCOUNT));

	if (err)
		pr_warn("page %#lx stays with the hypervisor: no memory to remember it\n", page_to_pfn(page));
	return err;
}

int rd_mem_topup(struct rd_vm *vm, u32 pages)
{
	struct rd_answer answer;
	struct page *page;

	for (pages = min_t(u32, pages, RD_VM_POOL_PAGES); pages; pages--) {
		page = rd_meta_alloc(0);
		if (!page)
			return -ENOMEM;
		answer = rd_call2(RD_CALL_VM_TOPUP, vm->handle, page_to_pfn(page));
		if (answer.status) {
			__free_page(page);
			/* BUSY: the pool is full, which is what was wanted. */
			return answer.status == RD_E_BUSY ? 0 : rk_errno(answer.status);
		}
		if (rd_meta_track(vm, page))
			return -ENOMEM;
	}
	return 0;
}

struct rd_answer rd_mem_call(struct rd_vm *vm, enum rd_call call, u64 a2, u64 a3, u64 a4, u64 a5)
{
	struct rd_answer answer;
	int tries;

	for (tries = 0; tries < 4; tries++) {
		answer = rd_call(call, vm->handle, a2, a3, a4, a5);
		if (answer.status != RD_E_NO_MEMORY || rd_mem_topup(vm, RD_TOPUP_PAGES))
			break;
	}
	return answer;
}

static u32 rd_prot(const struct rk_slot *slot)
{
	return RD_PROT_R | RD_PROT_X | (slot->readonly ? 0 : RD_PROT_W);
}

/* Gives or lends `pages` pages from `page` on to the guest. EXISTS: another vCPU was faster. */
static int rd_mem_map(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, struct page *page, u64 pages, bool private)
{
	struct rd_answer answer;

	if (private)
		answer = rd_mem_call(vm, RD_CALL_MEM_DONATE, gfn, page_to_pfn(page), pages, 0);
	else
		answer = rd_mem_call(vm, RD_CALL_MEM_SHARE, rd_shared_gfn(vm, gfn), page_to_pfn(page), pages, rd_prot(slot));
	return answer.status == RD_E_EXISTS ? 0 : rk_errno(answer.status);
}

static enum rd_page_state rd_mapped_state(bool private)
{
	return private ? RD_PAGE_PRIVATE : RD_PAGE_SHARED;
}

/* The record first: a page that EL2 has and nobody remembers could be freed. */
static int rd_record(struct rd_vm *vm, u64 gfn, struct page *page, enum rd_page_state state)
{
	return xa_err(xa_store(&vm->pages, gfn, rd_page_entry(page, state), GFP_KERNEL_ACCOUNT));
}

static int rd_map_recorded(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, struct page *page, bool private)
{
	int err = rd_mem_map(vm, slot, gfn, page, 1, private);

	return err ? err : rd_record(vm, gfn, page, rd_mapped_state(private));
}

/* Whether the 2 MiB around gfn are inside the slot, equally aligned in both address spaces, and untouched so far. */
static bool rd_block_possible(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn)
{
	unsigned long index = gfn;

	if (gfn < slot->gfn || gfn + RD_BLOCK_PAGES > slot->gfn + slot->pages || slot->readonly)
		return false;
	if (!IS_ALIGNED(slot->hva + ((gfn - slot->gfn) << PAGE_SHIFT), RD_BLOCK_PAGES << PAGE_SHIFT))
		return false;
	return !xa_find(&vm->pages, &index, gfn + RD_BLOCK_PAGES - 1, XA_PRESENT);
}

static int rd_record_block(struct rd_vm *vm, u64 gfn, enum rd_page_state state)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < RD_BLOCK_PAGES; i++)
		err = rd_record(vm, gfn + i, vm->batch[i], state);
	return err;
}

/* Undoes what pinning, charging and recording did before EL2 heard of the block. */
static void rd_drop_block(struct rd_vm *vm, u64 gfn, bool charged)
{
	u32 i;

	for (i = 0; i < RD_BLOCK_PAGES; i++)
		xa_erase(&vm->pages, gfn + i);
	if (charged)
		rd_uncharge(vm, RD_BLOCK_PAGES);
	unpin_user_pages(vm->batch, RD_BLOCK_PAGES);
}

/* Only tried when the page touched is part of a huge one. Any failure before EL2 is called falls back to a single page. */
static int rd_back_block(struct rd_vm *vm, const struct rk_slot *slot, u64 first, bool private)
{
	const bool charge = !vm->protected;
	int err;

	if (!rd_block_possible(vm, slot, first) || rd_pin_block(vm, slot, first))
		return -EAGAIN;
	if (charge && rd_charge(vm, RD_BLOCK_PAGES)) {
		unpin_user_pages(vm->batch, RD_BLOCK_PAGES);
		return -EAGAIN;
	}
	if (rd_record_block(vm, first, RD_PAGE_HELD)) {
		rd_drop_block(vm, first, charge);
		return -EAGAIN;
	}
	err = rd_mem_map(vm, slot, first, vm->batch[0], RD_BLOCK_PAGES, private);
	if (err) {
		rd_drop_block(vm, first, charge);
		return -EAGAIN;
	}
	rd_record_block(vm, first, rd_mapped_state(private));
	return 0;
}

/* A protected VM was charged for all its memory when it started. */
static int rd_charge_and_record(struct rd_vm *vm, u64 gfn, struct page *page)
{
	int err = vm->protected ? 0 : rd_charge(vm, 1);

	if (err) {
		rd_charge_refused(1);
		return err;
	}
	err = rd_record(vm, gfn, page, RD_PAGE_HELD);
	if (err && !vm->protected)
		rd_uncharge(vm, 1);
	return err;
}

/* A page touched for the first time. */
static int rd_back_new(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, bool private)
{
	struct page *page;
	int err = rd_pin(vm, slot, gfn, &page);

	if (err)
		return err;
	if (folio_order(page_folio(page)) >= ilog2(RD_BLOCK_PAGES) && (private || !vm->protected) &&
	    !rd_back_block(vm, slot, round_down(gfn, RD_BLOCK_PAGES), private)) {
		unpin_user_page(page);
		return 0;
	}
	err = rd_charge_and_record(vm, gfn, page);
	if (err) {
		unpin_user_page(page);
		return err;
	}
	return rd_map_recorded(vm, slot, gfn, page, private);
}

/* Backs the guest page at ipa. Answers -EPERM when the page is not the host's to give: the guest's doing. */
int rd_mem_back(struct rd_vm *vm, u64 ipa, bool shared)
{
	const bool private = vm->protected && !shared;
	const u64 gfn = ipa >> PAGE_SHIFT;
	struct rk_slot slot;
	void *entry;
	int err;

	down_read(&vm->slots_lock);
	mutex_lock(&vm->mem_lock);
	if (READ_ONCE(vm->dead)) {
		err = -EIO;
	} else if (!rk_slot_find(vm->logic, gfn, &slot)) {
		err = 0; /* the memslot went away meanwhile: run again, and find nothing there */
	} else {
		entry = xa_load(&vm->pages, gfn);
		if (entry)
			err = rd_map_recorded(vm, &slot, gfn, rd_page_of(entry), private);
		else
			err = rd_back_new(vm, &slot, gfn, private);
	}
	mutex_unlock(&vm->mem_lock);
	up_read(&vm->slots_lock);
	return err;
}

/* EL2 took pages out of one half of a protected VM: they are ours again, and mapped when next touched. */
void rd_mem_ripas(struct rd_vm *vm, u64 from, u64 to, bool ram)
{
	const enum rd_page_state left = ram ? RD_PAGE_SHARED : RD_PAGE_PRIVATE;
	unsigned long gfn;
	void *entry;

	mutex_lock(&vm->mem_lock);
	xa_for_each_range(&vm->pages, gfn, entry, from >> PAGE_SHIFT, (to >> PAGE_SHIFT) - 1) {
		if (rd_page_state(entry) == left)
			xa_store(&vm->pages, gfn, rd_page_entry(rd_page_of(entry), RD_PAGE_HELD), GFP_KERNEL_ACCOUNT);
	}
	mutex_unlock(&vm->mem_lock);
}

/* Takes up to 512 pages back from the guest. If EL2 refuses, the host's pages stay pinned: the guest may still reach them. */
static bool rd_unmap_chunk(struct rd_vm *vm, u64 gfn, u64 pages)
{
	unsigned long index = gfn;
	struct rd_answer answer;

	if (!xa_find(&vm->pages, &index, gfn + pages - 1, XA_PRESENT))
		return false;
	answer = rd_call3(RD_CALL_MEM_UNSHARE, vm->handle, rd_shared_gfn(vm, gfn), pages);
	if (!answer.status)
		return true;
	pr_warn("cannot take guest pages back (%ld); they stay locked\n", answer.status);
	return false;
}

static void rd_release_chunk(struct rd_vm *vm, u64 gfn, u64 pages)
{
	unsigned long index;
	struct page *page;
	void *entry;

	xa_for_each_range(&vm->pages, index, entry, gfn, gfn + pages - 1) {
		page = rd_page_of(entry);
		xa_erase(&vm->pages, index);
		unpin_user_pages_dirty_lock(&page, 1, true);
		rd_uncharge(vm, 1);
	}
}

/* For a removed memslot. A protected VM has nothing mapped yet when that is allowed. */
void rd_mem_unmap(struct rd_vm *vm, u64 gfn, u64 pages)
{
	u64 done, count;

	mutex_lock(&vm->mem_lock);
	for (done = 0; done < pages; done += count) {
		count = min_t(u64, pages - done, RD_BLOCK_PAGES);
		if (rd_unmap_chunk(vm, gfn + done, count))
			rd_release_chunk(vm, gfn + done, count);
	}
	mutex_unlock(&vm->mem_lock);
}
