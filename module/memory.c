// SPDX-License-Identifier: GPL-2.0-only
/* Supplying guests with pages: ordinary VMs share the VMM's memory, protected VMs are given it. */
#include "memory.h"

/* Tables for one call: a path of three levels in each half, and slack for blocks that EL2 splits. */
#define RD_TOPUP_PAGES 8u

void rd_meta_free(struct rd_vm *vm, struct page *page, unsigned int order)
{
	u32 i;

	for (i = 0; i < 1u << order; i++) {
		xa_release(&vm->meta, page_to_pfn(page + i));
		__free_page(page + i);
	}
}

/* Pages that EL2 may be given. Each has its place in vm->meta before: what EL2 has taken can always be remembered. */
struct page *rd_meta_alloc(struct rd_vm *vm, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, order);
	u32 i;

	if (!page)
		return NULL;
	/* They come back one by one. */
	if (order)
		split_page(page, order);
	for (i = 0; i < 1u << order; i++) {
		if (xa_reserve(&vm->meta, page_to_pfn(page + i), GFP_KERNEL_ACCOUNT)) {
			rd_meta_free(vm, page, order);
			return NULL;
		}
	}
	return page;
}

/* The pages belong to EL2 now. Needs no memory: rd_meta_alloc() reserved it. */
void rd_meta_track(struct rd_vm *vm, struct page *page, unsigned int order)
{
	u32 i;

	for (i = 0; i < 1u << order; i++)
		xa_store(&vm->meta, page_to_pfn(page + i), page + i, GFP_NOWAIT);
}

int rd_mem_topup(struct rd_vm *vm, u32 pages)
{
	struct rd_answer answer;
	struct page *page;

	for (pages = min_t(u32, pages, RD_VM_POOL_PAGES); pages; pages--) {
		page = rd_meta_alloc(vm, 0);
		if (!page)
			return -ENOMEM;
		answer = rd_call2(RD_CALL_VM_TOPUP, vm->handle, page_to_pfn(page));
		if (answer.status) {
			rd_meta_free(vm, page, 0);
			/* BUSY: the pool is full, which is what was wanted. */
			return answer.status == RD_E_BUSY ? 0 : rk_errno(answer.status);
		}
		rd_meta_track(vm, page, 0);
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

/* Gives or lends `pages` pages from `page` on to the guest. A page that is there already is what was wanted. */
static int rd_mem_map(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, struct page *page, u64 pages, bool private)
{
	struct rd_answer answer;

	if (private)
		answer = rd_mem_call(vm, RD_CALL_MEM_DONATE, gfn, page_to_pfn(page), pages, 0);
	else
		answer = rd_mem_call(vm, RD_CALL_MEM_SHARE, rd_shared_gfn(vm, gfn), page_to_pfn(page), pages, rd_prot(slot));
	return answer.status == RD_E_EXISTS && pages == 1 ? 0 : rk_errno(answer.status);
}

static enum rd_page_state rd_mapped_state(bool private)
{
	return private ? RD_PAGE_PRIVATE : RD_PAGE_SHARED;
}

/* Whether the 2 MiB around gfn are inside the slot and equally aligned in both address spaces. */
static bool rd_block_possible(const struct rk_slot *slot, u64 gfn)
{
	return gfn >= slot->gfn && gfn + RD_BLOCK_PAGES <= slot->gfn + slot->pages && !slot->readonly &&
	       IS_ALIGNED(slot->hva + ((gfn - slot->gfn) << PAGE_SHIFT), RD_BLOCK_PAGES << PAGE_SHIFT);
}

/* Only tried when the page touched is part of a huge one. Any failure falls back to a single page. */
static int rd_back_block(struct rd_vm *vm, const struct rk_slot *slot, struct rd_chunk *chunk, u64 first, bool private)
{
	const unsigned long charge = vm->protected ? 0 : RD_BLOCK_PAGES;
	u32 i;

	if (!rd_block_possible(slot, first) || !rd_chunk_empty(chunk))
		return -EAGAIN;
	if (charge && rd_charge(vm, charge))
		return -EAGAIN;
	if (rd_pin_block(vm, slot, first))
		goto uncharge;
	if (rd_mem_map(vm, slot, first, vm->batch[0], RD_BLOCK_PAGES, private))
		goto unpin;
	for (i = 0; i < RD_BLOCK_PAGES; i++)
		chunk->record[i] = rd_record_of(vm->batch[i], rd_mapped_state(private));
	return 0;

unpin:
	unpin_user_pages(vm->batch, RD_BLOCK_PAGES);
uncharge:
	rd_uncharge(vm, charge);
	return -EAGAIN;
}

/* A page touched for the first time. A protected VM was charged for all its memory when it started. */
static int rd_back_new(struct rd_vm *vm, const struct rk_slot *slot, struct rd_chunk *chunk, u64 gfn, bool private)
{
	struct page *page;
	int err = rd_pin(vm, slot, gfn, &page);

	if (err)
		return err;
	if (folio_order(page_folio(page)) >= ilog2(RD_BLOCK_PAGES) && (private || !vm->protected) &&
	    !rd_back_block(vm, slot, chunk, round_down(gfn, RD_BLOCK_PAGES), private)) {
		unpin_user_page(page);
		return 0;
	}
	err = vm->protected ? 0 : rd_charge(vm, 1);
	if (err) {
		rd_charge_refused(1);
		unpin_user_page(page);
		return err;
	}
	*rd_record_in(chunk, gfn) = rd_record_of(page, RD_PAGE_HELD) | (slot->readonly ? RD_RECORD_READONLY : 0);
	return 0;
}

/* Maps the page of a record; if that fails, the page stays held for the next try. */
static int rd_back_recorded(struct rd_vm *vm, const struct rk_slot *slot, unsigned long *record, u64 gfn, bool private)
{
	int err = rd_mem_map(vm, slot, gfn, rd_page_of(*record), 1, private);

	if (!err)
		*record = rd_record_moved(*record, rd_mapped_state(private));
	return err;
}

static int rd_back(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, bool private)
{
	/* The chunk first: a page that EL2 has and nobody could record would be freed one day. */
	struct rd_chunk *chunk = rd_chunk_get(vm, gfn);
	unsigned long *record;
	int err;

	if (!chunk)
		return -ENOMEM;
	record = rd_record_in(chunk, gfn);
	if (!*record) {
		err = rd_back_new(vm, slot, chunk, gfn, private);
		if (err || rd_page_state(*record) != RD_PAGE_HELD)
			return err;
	}
	return rd_back_recorded(vm, slot, record, gfn, private);
}

/* Backs the guest page at ipa. Answers -EPERM when the page is not the host's to give: the guest's doing. */
int rd_mem_back(struct rd_vm *vm, u64 ipa, bool shared)
{
	struct rk_slot slot;
	int err;

	down_read(&vm->slots_lock);
	mutex_lock(&vm->mem_lock);
	if (READ_ONCE(vm->dead))
		err = -EIO;
	else if (!rk_slot_find(vm->logic, ipa >> PAGE_SHIFT, &slot))
		err = 0; /* the memslot went away meanwhile: run again, and find nothing there */
	else
		err = rd_back(vm, &slot, ipa >> PAGE_SHIFT, vm->protected && !shared);
	mutex_unlock(&vm->mem_lock);
	up_read(&vm->slots_lock);
	return err;
}
