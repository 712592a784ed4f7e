// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a VM: every page comes back to the host, wiped by EL2 if it was the guest's, and only then to the kernel.
 * A page that EL2 does not return is leaked on purpose: the kernel must never reuse memory that somebody else owns.
 */
#include "memory.h"

#include <linux/delay.h>
#include <linux/jiffies.h>

#define RD_TEARDOWN_TRIES 1000

/* BUSY while a vCPU is inside the guest; nobody holds one when the last file is closed, a reboot has just kicked them. */
static long rd_teardown_begin(struct rd_vm *vm)
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

/* Reclaims `pages` pages from pfn on up to the first that is not a dead VM's; answers how many came back. */
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

/* How many records from i on are there and physically contiguous. */
static u32 rd_contiguous(const struct rd_chunk *chunk, u32 i)
{
	const unsigned long first = page_to_pfn(rd_page_of(chunk->record[i]));
	u32 count = 0;

	while (i + count < RD_BLOCK_PAGES && chunk->record[i + count] &&
	       page_to_pfn(rd_page_of(chunk->record[i + count])) == first + count)
		count++;
	return count;
}

/*
 * Whatever the states say: one may be behind (memory.h). EL2 refuses a page that is not its to return, and whether all of
 * them came is VM_DESTROY's to say.
 */
static void rd_return_chunk(struct rd_chunk *chunk)
{
	u32 i = 0, done;

	while (i < RD_BLOCK_PAGES) {
		done = rd_contiguous(chunk, i);
		if (done)
			done = rd_reclaim(page_to_pfn(rd_page_of(chunk->record[i])), done);
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

static void rd_unpin_all(struct rd_vm *vm)
{
	struct rd_chunk *chunk;
	unsigned long index;

	xa_for_each(&vm->chunks, index, chunk) {
		rd_unpin_records(vm, chunk->record, RD_BLOCK_PAGES);
		kfree(chunk);
		cond_resched();
	}
	xa_destroy(&vm->chunks);
}

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

/* BUSY as long as EL2 has a single page of the VM: only then is every recorded page known to be the host's. */
static long rd_teardown_end(struct rd_vm *vm)
{
	rd_return_shared(vm);
	if (vm->protected)
		rd_return_private(vm);
	rd_return_meta(vm);
	return rd_call1(RD_CALL_VM_DESTROY, vm->handle).status;
}

/* Under mem_lock. */
static void rd_teardown_locked(struct rd_vm *vm)
{
	long status;

	if (vm->torn_down)
		return;
	vm->torn_down = true;
	WRITE_ONCE(vm->dead, true);
	status = rd_teardown_begin(vm);
	if (!status)
		status = rd_teardown_end(vm);
	if (!status)
		rd_unpin_all(vm);
	else
		pr_err("VM %u cannot be torn down (%ld); its memory is lost until reboot\n", vm->handle, status);
	vm->stuck = status;
}

/* Idempotent: files may still be open when the process ends or the machine reboots. */
void rd_vm_teardown(struct rd_vm *vm)
{
	mutex_lock(&vm->mem_lock);
	rd_teardown_locked(vm);
	mutex_unlock(&vm->mem_lock);
}

/* As rd_vm_teardown(), but gives up when the lock is not to be had until then (jiffies): answers whether it was. */
bool rd_vm_teardown_until(struct rd_vm *vm, unsigned long deadline)
{
	while (!mutex_trylock(&vm->mem_lock)) {
		if (time_after(jiffies, deadline))
			return false;
		usleep_range(1000, 2000);
	}
	rd_teardown_locked(vm);
	mutex_unlock(&vm->mem_lock);
	return true;
}
