/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the C files of redoubt.ko call in the C++ of room kvm/, and the little they provide to it.
 *
 * One struct rk_vm per virtual machine holds its KVM state that needs no kernel object. The caller locks: functions
 * marked [slots] under the VM's slot lock (w: for writing), [irq] under its interrupt lock, [vm] under its VM mutex.
 * Functions answer 0 or a negative Linux errno unless stated. Addresses are guest addresses in bytes, gfn are pages.
 */
#ifndef REDOUBT_KVM_SHIM_H
#define REDOUBT_KVM_SHIM_H

#include "abi/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Provided by the module: zeroed memory that may sleep, or a null pointer. */
void *rd_alloc(unsigned long bytes);
void rd_free(void *memory);

struct rk_vm;

struct rk_vm_type {
	rd_u32 ipa_bits; /* RD_MIN_IPA_BITS..max_ipa_bits */
	rd_u32 vm_flags; /* RD_VM_* for VM_CREATE */
	rd_u32 pkvm_asked; /* 1: refused because the pkvm personality was asked for */
};
int rk_vm_type_parse(rd_u64 type, rd_u32 max_ipa_bits, struct rk_vm_type *out);
struct rk_vm *rk_vm_new(rd_u32 ipa_bits, rd_u32 vm_flags);
void rk_vm_delete(struct rk_vm *vm);

int rk_errno(long status); /* 0 or a negative errno from a hypercall's status */
int rk_capability(rd_u32 capability, rd_u32 max_ipa_bits);

/* Memslots. */
struct rk_slot {
	rd_u64 gfn, pages, hva;
	rd_u32 id;
	rd_u32 readonly;
};
struct rk_slot_request {
	rd_u64 ipa, bytes, hva;
	rd_u32 id, flags;
};
struct rk_slot_change {
	rd_u32 removes, adds; /* 0 or 1 */
	struct rk_slot removed, added;
};
int rk_slot_prepare(const struct rk_vm *vm, const struct rk_slot_request *request, struct rk_slot_change *out); /* [slots] */
void rk_slot_commit(struct rk_vm *vm, const struct rk_slot_change *change); /* [slots w] */
int rk_slot_find(const struct rk_vm *vm, rd_u64 gfn, struct rk_slot *out); /* 1 found, 0 not [slots] */
int rk_slot_at(const struct rk_vm *vm, rd_u32 index, struct rk_slot *out); /* ascending; 1 found, 0 beyond the last [slots] */
rd_u64 rk_slot_total_pages(const struct rk_vm *vm); /* [slots] */

/* What to do about an exit. */
enum rk_verdict {
	RK_RUN_AGAIN = 0, /* nothing; next_action may tell EL2 something */
	RK_BACK_PAGE, /* back the page at ipa (shared half if shared), then run again */
	RK_TOP_UP, /* give EL2 `count` table pages */
	RK_WAIT, /* sleep until an interrupt, a kick or the guest's timer */
	RK_WAIT_OFF, /* sleep until kicked */
	RK_RIPAS, /* pages from ipa up to end_ipa changed hands: value is RD_RIPAS_* */
	RK_DISTRIBUTOR, /* access at offset ipa of the GIC distributor */
	RK_IOEVENT, /* signal event number `count` */
	RK_USER_MMIO, /* to the VMM: access at ipa */
	RK_USER_SYSTEM, /* to the VMM: value = KVM_SYSTEM_EVENT_*, end_ipa = flags */
	RK_USER_CRASH, /* to the VMM: value = enum rd_guest_fault, ipa */
	RK_UNHANDLED, /* KVM_RUN fails with -ENOSYS: MMIO by an instruction that cannot be emulated */
};
struct rk_action {
	rd_u32 verdict; /* enum rk_verdict */
	rd_u32 next_action; /* enum rd_run_action of the next run */
	rd_u64 ipa, end_ipa;
	rd_u64 value; /* MMIO: what is written; with RD_ACTION_MMIO_DONE: the answer */
	rd_u32 bytes; /* MMIO: 1, 2, 4 or 8 */
	rd_u32 write; /* MMIO: 0 or 1 */
	rd_u32 shared; /* 1: through the shared alias */
	rd_u32 count;
};
void rk_exit_decode(const struct rk_vm *vm, const struct rd_run_exit *exit, struct rk_action *out); /* [slots] */

/* Registers. KVM register id <-> RD_REG_*. */
struct rk_reg {
	rd_u32 kind; /* enum rk_reg_kind */
	rd_u32 bytes; /* 4, 8 or 16 */
	rd_u32 rd_reg; /* RK_REG_EL2: the id for VCPU_REG_GET and VCPU_REG_SET */
	rd_u32 read_only; /* 1: setting it to its present value succeeds, any other value is refused */
	rd_u64 constant; /* RK_REG_CONSTANT: the value */
};
enum rk_reg_kind { RK_REG_EL2 = 0, RK_REG_CONSTANT = 1 };
int rk_reg_lookup(rd_u64 kvm_id, struct rk_reg *out);
rd_u32 rk_reg_count(void);
rd_u64 rk_reg_id(rd_u32 index); /* index below rk_reg_count() */

/* The GIC's device file. */
int rk_gic_create(struct rk_vm *vm); /* [vm] */
int rk_gic_has(rd_u32 group, rd_u64 attr);
rd_u32 rk_gic_value_bytes(rd_u32 group); /* 0, 4 or 8 */
int rk_gic_set(struct rk_vm *vm, rd_u32 group, rd_u64 attr, rd_u64 value, rd_u32 vcpus); /* [vm] [slots w] [irq] */
int rk_gic_get(const struct rk_vm *vm, rd_u32 group, rd_u64 attr, rd_u64 *value); /* [vm] */
struct rk_gic_layout {
	rd_u64 distributor, redistributors; /* addresses */
	rd_u32 nr_irqs; /* 0: the VM has no GIC */
};
int rk_gic_freeze(struct rk_vm *vm, rd_u32 vcpus, struct rk_gic_layout *out); /* [vm] */

/* Shared interrupts. A kick mask has a bit for each vCPU that should look at its interrupts. */
int rk_irq_set_line(struct rk_vm *vm, rd_u32 intid, rd_u32 level, rd_u32 *kick); /* -EINVAL: no SPI; -ENXIO: no GIC [irq] */
int rk_irq_set_gsi(struct rk_vm *vm, rd_u32 gsi, rd_u32 level, rd_u32 *kick); /* [irq] */
int rk_irq_pulse_gsi(struct rk_vm *vm, rd_u32 gsi, rd_u32 *kick); /* [irq] */
rd_u32 rk_irq_gsi_intid(const struct rk_vm *vm, rd_u32 gsi); /* 0: not routed [irq] */
struct rk_route {
	rd_u32 gsi, type, flags, chip, pin;
};
int rk_irq_set_routes(struct rk_vm *vm, const struct rk_route *routes, rd_u32 count); /* [irq] */
int rk_irq_pending(const struct rk_vm *vm, rd_u32 vcpu); /* [irq] */
/* Around VCPU_RUN: fills and takes back the request's SPIs. */
void rk_irq_enter(struct rk_vm *vm, rd_u32 vcpu, struct rd_run_request *request); /* [irq] */
struct rk_irq_left {
	rd_u32 kick;
	rd_u32 nr_ended;
	rd_u32 ended[RD_RUN_MAX_SPIS]; /* level-triggered SPIs the guest ended: time to resample */
};
void rk_irq_leave(struct rk_vm *vm, rd_u32 vcpu, rd_u32 vcpus, const struct rd_run *run, rd_u32 ran,
		  struct rk_irq_left *out); /* ran: 0 if VCPU_RUN failed; vcpus: mask of those that exist [irq] */

/* An access of verdict RK_DISTRIBUTOR. */
int rk_dist_needs_pause(const struct rk_vm *vm, const struct rk_action *action); /* 1: all vCPUs must be out [irq] */
rd_u64 rk_dist_read(const struct rk_vm *vm, const struct rk_action *action); /* [irq] */
rd_u32 rk_dist_write(struct rk_vm *vm, const struct rk_action *action, rd_u32 vcpus); /* kick mask [irq] */

/* Ioeventfds. handle: the caller's number, given back by RK_IOEVENT in count and by removal. */
struct rk_ioevent {
	rd_u64 ipa, data;
	rd_u32 bytes, match_data, handle;
};
int rk_ioevent_add(struct rk_vm *vm, const struct rk_ioevent *event); /* [slots w] */
int rk_ioevent_remove(struct rk_vm *vm, const struct rk_ioevent *event, rd_u32 *handle); /* [slots w] */

#ifdef __cplusplus
}
#endif

#endif
