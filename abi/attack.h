/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What redoubt_attack.ko lets `redoubt attack` do: the powers of a host kernel that has been taken over. A test tool: the
 * module is never loaded in production, and its device is root's alone.
 */
#ifndef REDOUBT_ABI_ATTACK_H
#define REDOUBT_ABI_ATTACK_H

#include "abi/run.h"

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

#define RD_ATTACK_DEVICE "redoubt_attack"

enum rd_attack_conduit { RD_ATTACK_HVC = 0, RD_ATTACK_SMC = 1 };

#define RD_ATTACK_FORGE_TIMER (1u << 0) /* CNTV is set to cntv_ctl and 0 just before the call, and cleared after it */
#define RD_ATTACK_POKE (1u << 1) /* 32-bit stores: poke_value to poke_pa before the call, to unpoke_pa after it */

/* One HVC or SMC on the calling CPU, interrupts masked from what is done before it until after what is done after it. */
struct rd_attack_call {
	rd_u64 x[8]; /* in: x0..x7; out: what they held after */
	rd_u32 conduit; /* enum rd_attack_conduit */
	rd_u32 immediate; /* 0, 1 or 0xffff */
	rd_u32 flags; /* RD_ATTACK_* */
	rd_u32 cntv_ctl;
	rd_u64 poke_pa;
	rd_u64 unpoke_pa; /* in the same page */
	rd_u32 poke_value;
	rd_u32 reserved;
};

enum rd_attack_mapping {
	RD_ATTACK_LINEAR = 0, /* the kernel's own mapping of RAM */
	RD_ATTACK_DEVICE_MAP = 1, /* a new mapping with device attributes; for RAM an alias of the linear one */
};

/* One load or store. A fault, whatever its kind, is -EFAULT. */
struct rd_attack_access {
	rd_u64 pa; /* aligned to bytes */
	rd_u64 value; /* in for a store, out for a load */
	rd_u32 bytes; /* 1, 2, 4 or 8 */
	rd_u32 store; /* 0 or 1 */
	rd_u32 mapping; /* enum rd_attack_mapping */
	rd_u32 reserved;
};

/*
 * Looks at every 8-byte word of a range of frames through the linear mapping. Words are compared as products with an odd
 * factor, so that neither the caller nor the module ever holds what is looked for.
 */
struct rd_attack_scan {
	rd_u64 pfn;
	rd_u64 pages; /* at most RD_ATTACK_SCAN_PAGES */
	rd_u64 factor;
	rd_u64 product[4];
	rd_u64 hits; /* out: words found */
	rd_u64 unreadable; /* out: pages with a fault */
	rd_u64 first_hit; /* out: physical address, valid if hits != 0 */
};
#define RD_ATTACK_SCAN_PAGES 4096u

enum rd_attack_register { RD_ATTACK_CNTV_CTL = 0, RD_ATTACK_CNTV_CVAL = 1, RD_ATTACK_CNTVCT = 2, RD_ATTACK_MPIDR = 3 };

/* A system register of the calling CPU. CNTVCT and MPIDR cannot be written. */
struct rd_attack_sysreg {
	rd_u32 which; /* enum rd_attack_register */
	rd_u32 write;
	rd_u64 value;
};

/* 2^order naturally aligned zeroed pages of kernel memory, freed with the file unless the hypervisor holds one. */
struct rd_attack_pages {
	rd_u32 order; /* 0..9 */
	rd_u32 reserved;
	rd_u64 pfn; /* out */
};

#define RD_ATTACK_CALL _IOWR('A', 0x40, struct rd_attack_call)
#define RD_ATTACK_ACCESS _IOWR('A', 0x41, struct rd_attack_access)
#define RD_ATTACK_SCAN _IOWR('A', 0x42, struct rd_attack_scan)
#define RD_ATTACK_SYSREG _IOWR('A', 0x43, struct rd_attack_sysreg)
#define RD_ATTACK_PAGES _IOWR('A', 0x44, struct rd_attack_pages)

#endif
