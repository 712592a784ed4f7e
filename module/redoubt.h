/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of the driver and what its files offer each other.
 *
 * Locks, outermost first:
 *   rd_vms_lock        the list of VMs, and whether there may be new ones
 *   rd_vcpu.mutex      one ioctl at a time on a vCPU
 *   rd_vm.lock         creation of vCPUs and devices, first run, GIC attributes
 *   rd_vm.slots_lock   memslots, ioeventfds, place of the distributor: what an access of the guest can hit
 *   rd_vm.mem_lock     rd_vm.chunks and every hypercall that moves memory
 *   rd_vm.event_lock   irqfds
 *   rd_vm.irq_lock     raw spin lock, interrupts off: distributor and routing; taken from eventfd wake-ups
 */
#ifndef REDOUBT_MODULE_REDOUBT_H
#define REDOUBT_MODULE_REDOUBT_H

#define pr_fmt(fmt) "redoubt: " fmt

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/kvm.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "abi/run.h"
#include "hvc.h"
#include "kvm/shim.h"

struct rd_vcpu;

struct rd_vm {
	struct kref refs; /* the VM fd, each vCPU fd, each device fd */
	struct list_head node; /* in rd_vms */
	struct mm_struct *mm; /* of the creator; only it may use the VM */
	struct mmu_notifier owner; /* mm ends: so does the VM */
	struct rk_vm *logic;
	u32 handle;
	u32 ipa_bits;
	bool protected;
	bool started; /* finalised: the first KVM_RUN happened */
	bool dead; /* no more runs and mappings: it was reset, or the machine reboots */
	bool torn_down; /* under mem_lock: EL2 has nothing of it, because it does not know it yet or any more */
	bool stuck; /* EL2 did not take it down: its pages are never freed */

	struct mutex lock;
	struct rd_vcpu *vcpus[RD_MAX_VCPUS]; /* set once under lock, read with smp_load_acquire() */

	struct rw_semaphore slots_lock;

	struct mutex mem_lock;
	struct xarray chunks; /* gfn / 512 -> struct rd_chunk, see memory.h */
	struct xarray meta; /* pages given to EL2 for its own use: pfn -> struct page */
	struct page **batch; /* scratch for blocks */
	u64 image_gfn; /* how far the initial image got, for a message */
	unsigned long locked_pages; /* charged to RLIMIT_MEMLOCK of mm */

	struct list_head ioevents; /* under slots_lock */
	u32 next_ioevent; /* under slots_lock */

	struct mutex event_lock;
	struct list_head irqfds;

	raw_spinlock_t irq_lock;
	bool gic_live; /* CTRL_INIT happened */
	atomic_t paused; /* above 0: no vCPU enters the guest */
};

enum rd_vcpu_mode { RD_OUTSIDE_GUEST = 0, RD_IN_GUEST = 1 };

struct rd_vcpu {
	struct rd_vm *vm;
	u32 id;
	struct mutex mutex;
	struct kvm_run *kvm_run; /* shared with the VMM, which may write it at any time */
	struct rd_run *run; /* shared with EL2 only */
	void *work; /* see compat.h */
	bool initialised; /* KVM_ARM_VCPU_INIT happened */
	bool sigset_active;
	sigset_t sigset;

	bool mmio_pending; /* the VMM owes the answer to this access */
	struct rk_action mmio;

	struct rk_irq_left left; /* from rd_gic_leave() to rd_gic_after() */

	wait_queue_head_t wq;
	int mode; /* enum rd_vcpu_mode */
	int cpu; /* valid while mode is RD_IN_GUEST */
	int kicked; /* something to look at before the next entry, or to wake up for */
	call_single_data_t csd;
};

/* main.c */
extern u32 rd_max_ipa_bits;

/* vm.c */
extern struct mutex rd_vms_lock;
extern struct list_head rd_vms;
extern bool rd_vms_closed; /* under rd_vms_lock: no new VMs, the machine goes to sleep or down */
long rd_vm_create(unsigned long type);
void rd_vm_put(struct rd_vm *vm);
int rd_vm_start(struct rd_vm *vm);
static inline void rd_vm_get(struct rd_vm *vm)
{
	kref_get(&vm->refs);
}
long rd_check_extension(unsigned long capability);

/* slots.c */
int rd_slots_set(struct rd_vm *vm, const struct kvm_userspace_memory_region *region);

/* vcpu.c */
long rd_vcpu_create(struct rd_vm *vm, unsigned long id);
void rd_vcpu_free(struct rd_vcpu *vcpu);

/* regs.c */
long rd_vcpu_init_ioctl(struct rd_vcpu *vcpu, void __user *argp);
long rd_vcpu_one_reg(struct rd_vcpu *vcpu, void __user *argp, bool set);
long rd_vcpu_reg_list(struct rd_vcpu *vcpu, void __user *argp);
long rd_vcpu_mp_state(struct rd_vcpu *vcpu, void __user *argp, bool set);

/* run.c */
long rd_vcpu_run(struct rd_vcpu *vcpu);
void rd_vcpu_kick(struct rd_vcpu *vcpu);
void rd_vm_kick(struct rd_vm *vm, u32 mask);
void rd_vcpu_kick_function(void *info);

/* exits.c: 1 go on, 0 back to the VMM, negative errno */
int rd_exit_handle(struct rd_vcpu *vcpu);
void rd_mmio_complete(struct rd_vcpu *vcpu);
int rd_vcpu_wait(struct rd_vcpu *vcpu, bool off);

/* memory.c */
int rd_mem_back(struct rd_vm *vm, u64 ipa, bool shared);
int rd_mem_topup(struct rd_vm *vm, u32 pages);
struct page *rd_meta_alloc(struct rd_vm *vm, unsigned int order);
void rd_meta_free(struct rd_vm *vm, struct page *page, unsigned int order);
void rd_meta_track(struct rd_vm *vm, struct page *page, unsigned int order);

/* records.c */
void rd_mem_ripas(struct rd_vm *vm, u64 from, u64 to, bool ram);
int rd_mem_unmap(struct rd_vm *vm, u64 gfn, u64 pages);

/* teardown.c */
void rd_vm_teardown(struct rd_vm *vm);
bool rd_vm_teardown_until(struct rd_vm *vm, unsigned long deadline);

/* image.c */
int rd_image_load(struct rd_vm *vm);

#endif
