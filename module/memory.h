/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known about a guest page: a record for its gfn (without the shared-alias bit), which is its struct page,
 * long-term pinned, tagged with one of these states, or 0. Records lie in chunks of 512, found by gfn / 512 in
 * rd_vm.chunks: a 2 MiB block is recorded as fast as it is mapped.
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
	RD_PAGE_HELD = 2, /* ours, pinned, mapped nowhere */
};

#define RD_BLOCK_PAGES 512u
#define RD_STATE_MASK 3ul
#define RD_RECORD_READONLY 4ul /* pinned for reading only: never to be marked dirty */
#define RD_RECORD_FLAGS (RD_STATE_MASK | RD_RECORD_READONLY)

/* Under rd_vm.mem_lock. */
struct rd_chunk {
	unsigned long record[RD_BLOCK_PAGES];
};

static inline unsigned long rd_record_of(struct page *page, enum rd_page_state state)
{
	return (unsigned long)page | state;
}

static inline struct page *rd_page_of(unsigned long record)
{
	return (struct page *)(record & ~RD_RECORD_FLAGS);
}

static inline unsigned long rd_record_moved(unsigned long record, enum rd_page_state state)
{
	return (record & ~RD_STATE_MASK) | state;
}

static inline enum rd_page_state rd_page_state(unsigned long record)
{
	return record & RD_STATE_MASK;
}

/* The chunk of gfn, or NULL. */
static inline struct rd_chunk *rd_chunk_find(struct rd_vm *vm, u64 gfn)
{
	return xa_load(&vm->chunks, gfn / RD_BLOCK_PAGES);
}

static inline unsigned long *rd_record_in(struct rd_chunk *chunk, u64 gfn)
{
	return &chunk->record[gfn % RD_BLOCK_PAGES];
}

/* The frame under which EL2 knows the shared half of a protected VM, and an ordinary VM's memory. */
static inline u64 rd_shared_gfn(const struct rd_vm *vm, u64 gfn)
{
	return vm->protected ? gfn | BIT_ULL(vm->ipa_bits - 1 - PAGE_SHIFT) : gfn;
}

/* records.c */
struct rd_chunk *rd_chunk_get(struct rd_vm *vm, u64 gfn); /* NULL: no memory */
bool rd_chunk_empty(const struct rd_chunk *chunk);

/* memory.c: a call that may use up the VM's pool of table pages, repeated with more pages until it does not. [mem_lock] */
struct rd_answer rd_mem_call(struct rd_vm *vm, enum rd_call call, u64 a2, u64 a3, u64 a4, u64 a5);

/* pin.c */
int rd_charge(struct rd_vm *vm, unsigned long pages);
void rd_charge_refused(unsigned long pages);
void rd_uncharge(struct rd_vm *vm, unsigned long pages);
int rd_pin(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn, struct page **page);
int rd_pin_block(struct rd_vm *vm, const struct rk_slot *slot, u64 gfn);
void rd_unpin_records(struct rd_vm *vm, unsigned long *records, u32 count);

#endif
