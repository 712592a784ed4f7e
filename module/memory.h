/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known about a guest page: rd_vm.pages maps its gfn (without the shared-alias bit) to its struct page, long-term
 * pinned, tagged with one of these states. A gfn that is absent has no page.
 *
 * EL2 changes a state by itself when the guest asks for it (RSI), and tells with RD_EXIT_RIPAS: until that exit was handled
 * a record may be behind. The next call on such a page therefore always asks EL2, whose answer counts.
 */
#ifndef REDOUBT_MODULE_MEMORY_H
#define REDOUBT_MODULE_MEMORY_H

#include "redoubt.h"

enum rd_page_state {
	RD_PAGE_PRIVATE = 0, /* donated to the guest */
	RD_PAGE_SHARED = 1, /* ours, mapped into the guest */
	RD_PAGE_HELD = 3, /* ours, pinned, mapped nowhere */
};

#define RD_BLOCK_PAGES 512u

static inline void *rd_page_entry(struct page *page, enum rd_page_state state)
{
	return xa_tag_pointer(page, state);
}

static inline struct page *rd_page_of(void *entry)
{
	return xa_untag_pointer(entry);
}

static inline enum rd_page_state rd_page_state(void *entry)
{
	return xa_pointer_tag(entry);
}

/* The frame under which EL2 knows the shared half of a protected VM, and an ordinary VM's memory. */
static inline u64 rd_shared_gfn(const struct rd_vm *vm, u64 gfn)
{
	return vm->protected ? gfn | BIT_ULL(vm->ipa_bits - 1 - PAGE_SHIFT) : gfn;
}

/* memory.c: a call that may use up the VM's pool of table pages, repeated with more pages until it does not. [mem_lock] */
struct rd_answer rd_mem_call(struct rd_vm *vm, enum rd_call call, u64 a2, u64 a3, u64 a4, u64 a5);

/* pin.c */
int rd_charge(struct rd_vm *vm, unsigned long pages);
void rd_charge_refused(unsigned long pages);
void rd_uncharge(struct rd_vm *vm, unsigned long pages);
int rd_pin(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, struct page **page);
int rd_pin_block(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn);

#endif
