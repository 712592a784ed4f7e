/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Numbers and constants of the host's interface to Redoubt at EL2; the calls are in hypercall.def. */
#ifndef REDOUBT_ABI_HYPERCALL_H
#define REDOUBT_ABI_HYPERCALL_H

/* SMCCC: fast, 64-bit, owner 6 (vendor-specific hypervisor service). */
#define RD_HYPERCALL_BASE 0xc6000000u
#define RD_HYPERCALL_LIMIT 0x40u

#define RD_CALL(number, NAME, nargs, args, results, text) RD_CALL_##NAME = (number),
enum rd_call {
#include "abi/hypercall.def"
};
#undef RD_CALL

#define RD_ABI_MAJOR 0
#define RD_ABI_MINOR 1
#define RD_ABI_VERSION ((RD_ABI_MAJOR << 16) | RD_ABI_MINOR)

/* Answer to the SMCCC vendor-hypervisor UID call (0x8600ff01): UUID 9a0e2c8e-5f31-4d0b-8f6e-52c14f0b7a31. */
#define RD_SMCCC_UID_CALL 0x8600ff01u
#define RD_UID_0 0x8e2c0e9au
#define RD_UID_1 0x0b4d315fu
#define RD_UID_2 0xc1526e8fu
#define RD_UID_3 0x317a0b4fu

/* The device-tree node by which a host kernel module finds Redoubt. */
#define RD_DT_COMPATIBLE "redoubt,hypervisor"

/* Feature bits of VERSION. */
#define RD_FEATURE_PROTECTED_RSI (1u << 0) /* VMs that speak Arm's Realm Services Interface */
#define RD_FEATURE_DEBUG_IMAGE (1u << 1) /* the image carries test calls and the ghost oracle: not for production */

enum rd_info {
	RD_INFO_DMA_POLICY = 0, /* enum rd_dma_policy */
	RD_INFO_ENTROPY = 1, /* enum rd_entropy */
	RD_INFO_MAX_IPA_BITS = 2,
	RD_INFO_NR_LRS = 3, /* GIC list registers per CPU */
	RD_INFO_RESERVED_BYTES = 4, /* RAM taken from the host at boot */
	RD_INFO_IMAGE_PA = 5,
	RD_INFO_IMAGE_BYTES = 6,
	RD_INFO_VMS = 7, /* VM handles in use */
	RD_INFO_PAGES_HYP = 8, /* host pages now donated to EL2 */
	RD_INFO_PAGES_GUEST = 9, /* pages now owned by guests */
	RD_INFO_PAGES_BORROWED = 10, /* host pages now mapped into a VM */
	RD_INFO_DECOYS = 11, /* host accesses to guest pages answered by a decoy page, since boot */
	RD_INFO_HOST_FAULTS = 12, /* aborts injected into the host, since boot */
	RD_INFO_CPUS_ONLINE = 13,
	RD_INFO_POOL_FREE = 14, /* free pages in EL2's own pool */
	RD_INFO_DMA_STOPPED = 15, /* accesses of devices that an SMMU of EL2's stopped, since boot */
	RD_INFO_JUDGED_CALLS = 16, /* image for debugging only: calls that were compared with the specification */
	RD_INFO_PLANT_FAULT = 0x100, /* image for debugging only: + enum rd_fault, EL2 does this wrong once */
};

enum rd_fault {
	RD_FAULT_NO_WIPE = 1, /* the next page that changes hands keeps its content */
	RD_FAULT_EXECUTE_RIGHT = 2, /* the next leaf gets the wrong right to execute */
	RD_FAULT_LOST_PAGE = 3, /* now: a page of the host's counts as borrowed, and nobody borrows it */
};

enum rd_dma_policy {
	RD_DMA_STRICT = 0, /* every DMA-capable device not behind an EL2-owned SMMU was removed */
	RD_DMA_OPEN = 1, /* DMA-capable devices were left to the host: guests are NOT protected from them */
};

enum rd_entropy { RD_ENTROPY_NONE = 0, RD_ENTROPY_RNDRRS = 1, RD_ENTROPY_TRNG = 2, RD_ENTROPY_BOOT_SEED = 3 };

enum rd_cpu_state { RD_CPU_STATE_EXITS = 1 }; /* world switches from a guest to the host on this CPU */

/* VM_CREATE flags. Without RD_VM_PROTECTED the VM is an ordinary one. */
#define RD_VM_PROTECTED (1u << 0)
#define RD_VM_RSI (1u << 1) /* personality rsi; only with RD_VM_PROTECTED */

enum rd_vm_info {
	RD_VM_INFO_STATE = 0, /* enum rd_vm_state */
	RD_VM_INFO_MAPPED_PAGES = 1, /* pages owned or borrowed by the guest */
	RD_VM_INFO_META_PAGES = 2, /* pages EL2 holds for this VM */
	RD_VM_INFO_POOL_PAGES = 3,
};

enum rd_vm_state { RD_VM_STATE_BUILDING = 0, RD_VM_STATE_RUNNABLE = 1, RD_VM_STATE_STOPPED = 2, RD_VM_STATE_DEAD = 3 };

#define RD_MAX_VMS 32
#define RD_MAX_VCPUS 16
#define RD_VM_ROOT_PAGES 2 /* a concatenated level-1 root: IPA sizes up to 40 bits */
#define RD_VM_POOL_PAGES 64
#define RD_MIN_IPA_BITS 33
#define RD_MAX_IPA_BITS 40

#define RD_PROT_R (1u << 0)
#define RD_PROT_W (1u << 1)
#define RD_PROT_X (1u << 2)

/* VCPU_INIT flags. */
#define RD_VCPU_POWERED_OFF (1u << 0)

#endif
