/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's virtual address space (48 bits, TTBR0_EL2) and the constants that assembly and C++ share.
 * RAM has no identity map here: what EL2 does not own it reaches only through a per-CPU window.
 */
#ifndef REDOUBT_HYP_MM_LAYOUT_H
#define REDOUBT_HYP_MM_LAYOUT_H

#define EL2_IMAGE_VA 0x400000000000 /* the image, linked here */
#define EL2_LINEAR_VA 0x200000000000 /* + PA: pages EL2 owns or shares with the host */
#define EL2_WINDOW_VA 0x500000000000 /* per-CPU windows onto one page that EL2 does not own */
#define EL2_STACK_VA 0x510000000000 /* per-CPU stacks, an unmapped page below each */
#define EL2_DEVICE_VA 0x600000000000 /* + PA: device frames EL2 uses */

#define EL2_STACK_BYTES 8192
#define EL2_STACK_STRIDE 16384 /* guard page, stack, emergency page */
#define EL2_MAX_CPUS 16

/* MAIR: 0 Device-nGnRE, 1 Normal write-back, 2 Normal non-cacheable. */
#define EL2_MAIR 0x44ff04
/* TCR_EL2: RES1, T0SZ 16, 4 KiB, inner shareable write-back walks; PS is added from PARange. */
#define EL2_TCR 0x80803510
/* SCTLR_EL2: RES1 | I | SA | C | M, and WXN: nothing writable is executable. EOS/EIS are RES1 bits here. */
#define EL2_SCTLR_ON (0x30c50830 | (1 << 19) | (1 << 12) | (1 << 3) | (1 << 2) | (1 << 0))
#define EL2_SCTLR_OFF 0x30c50830

/* struct CpuBoot (hyp/cpu/cpu_boot.hpp) */
#define CPU_BOOT_TTBR 0
#define CPU_BOOT_STACK 8
#define CPU_BOOT_PER_CPU 16
#define CPU_BOOT_BYTES 24

/* struct PerCpu (hyp/cpu/per_cpu.hpp) */
#define PER_CPU_CONTEXT 0
#define PER_CPU_EMERGENCY_STACK 8

/* struct Context (hyp/vcpu/context.hpp): x0..x30 first */
#define CONTEXT_X(n) ((n) * 8)

#endif
