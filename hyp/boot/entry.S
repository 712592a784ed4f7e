// SPDX-License-Identifier: Apache-2.0
// The first instructions of Redoubt, on the boot CPU and on secondaries. They run at their physical address
// with the MMU off and leave to C++ at its linked address with the MMU on.
//
// The image starts with the arm64 Linux Image header (Documentation/arch/arm64/booting), so that every loader
// that can start a kernel can start Redoubt.

#include "hyp/mm/layout.h"

    .section .head.text, "ax"
    .globl  _start
_start:
    b       boot_cpu_entry          // code0
    nop                             // code1
    .quad   0                       // text_offset: the image wants a 2 MiB aligned address
    .quad   image_size              // bytes from _start to the end of .bss; ./rd pack enlarges it for the payload
    .quad   0xa                     // flags: little endian, 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0
    .balign 16
    .globl  payload_record
payload_record:                     // ./rd pack fills the two words: offset and size of the host kernel
    .ascii  "REDOUBT-PAYLOAD"
    .byte   0
    .quad   0
    .quad   0

// Sections below are in .idmap.text: one page, mapped at its physical address too, because the instruction that
// switches the MMU on must be mapped before and after.
    .section .idmap.text, "ax"

// x0 = device tree (physical).
boot_cpu_entry:
    mov     x19, x0
    mov     x20, #0                 // why not, for cannot_start
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    cannot_start
    bl      reset_el2_controls
    // Some CPUs ignore HCR_EL2.E2H = 0: then EL1's names at EL2 mean EL2's registers, and nothing here would do what it says.
    mov     x20, #1
    msr     far_el1, xzr
    isb
    msr     far_el2, x20
    isb
    mrs     x1, far_el1
    cbnz    x1, cannot_start
    adrp    x0, boot_stack_top
    mov     sp, x0
    adrp    x0, __bss_start
    adrp    x1, __bss_end
0:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    0b
    // The stores above went to memory with the caches off: nothing stale may cover them once caches are on.
    adrp    x0, _start
    adrp    x1, __bss_end
    bl      clean_invalidate_range
    adrp    x0, _start
    bl      build_boot_tables       // C++, MMU off: returns TTBR0_EL2
    ldr     x1, =boot_cpu_at_va
    b       enable_mmu
boot_cpu_at_va:
    ldr     x0, =boot_stack_top
    mov     sp, x0
    ldr     x0, =vectors
    msr     vbar_el2, x0
    mov     x0, x19
    adrp    x1, _start              // the linked address; the physical one comes from AT
    at      s1e2r, x1
    isb
    mrs     x1, par_el1
    and     x1, x1, #0x0000fffffffff000
    mov     x0, x19
    bl      boot_main
    b       .

// x0 = TTBR0_EL2, x1 = where to go on (linked address). Clobbers x2, x3.
    .globl  enable_mmu
enable_mmu:
    msr     ttbr0_el2, x0
    ldr     x2, =EL2_MAIR
    msr     mair_el2, x2
    ldr     x2, =EL2_TCR
    mrs     x3, id_aa64mmfr0_el1
    and     x3, x3, #0xf            // PARange -> TCR_EL2.PS, at most 48 bits
    cmp     x3, #5
    mov     x4, #5
    csel    x3, x3, x4, lo
    orr     x2, x2, x3, lsl #16
    msr     tcr_el2, x2
    isb
    tlbi    alle2
    tlbi    alle1
    ic      iallu
    dsb     nsh
    isb
    ldr     x2, =EL2_SCTLR_ON
    msr     sctlr_el2, x2
    isb
    br      x1

// Secondary CPU, started by the relayed PSCI call. x0 = its index in cpu_boot[].
    .globl  secondary_entry
secondary_entry:
    mov     x19, x0
    bl      reset_el2_controls
    adrp    x1, cpu_boot
    add     x1, x1, :lo12:cpu_boot
    mov     x2, #CPU_BOOT_BYTES
    mul     x19, x19, x2            // now the byte offset of its entry
    add     x1, x1, x19
    ldr     x0, [x1, #CPU_BOOT_TTBR]
    ldr     x1, =secondary_at_va
    b       enable_mmu
secondary_at_va:
    ldr     x0, =cpu_boot
    add     x19, x19, x0
    ldr     x0, [x19, #CPU_BOOT_STACK]
    mov     sp, x0
    ldr     x0, =vectors
    msr     vbar_el2, x0
    ldr     x0, [x19, #CPU_BOOT_PER_CPU]
    msr     tpidr_el2, x0
    bl      secondary_main
    b       .

// EL2 state that a boot loader may have left otherwise: MMU and caches off, VHE off, EL1 is AArch64.
reset_el2_controls:
    ldr     x0, =EL2_SCTLR_OFF
    msr     sctlr_el2, x0
    mov     x0, #(1 << 31)          // HCR_EL2.RW
    msr     hcr_el2, x0
    isb
    msr     daifset, #0xf
    msr     spsel, #1
    ret

// [x0, x1): DC CIVAC with the smallest line size the architecture has on the cores of this machine.
clean_invalidate_range:
    mrs     x2, ctr_el0
    ubfx    x2, x2, #16, #4
    mov     x3, #4
    lsl     x3, x3, x2
0:  dc      civac, x0
    add     x0, x0, x3
    cmp     x0, x1
    b.lo    0b
    dsb     sy
    ret

// Say why on the console that the device tree names, and stop. C++ with the MMU off.
cannot_start:
    adrp    x0, boot_stack_top
    mov     sp, x0
    mov     x0, x19
    mov     x1, x20
    bl      report_cannot_start
0:  wfi
    b       0b

    .ltorg

    .bss
    .balign 4096
    .globl  boot_stack
boot_stack:
    .space  16384
    .globl  boot_stack_top
boot_stack_top:
