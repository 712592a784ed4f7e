// SPDX-License-Identifier: Apache-2.0
// The exception vectors of EL2. Every exception from EL1 or EL0 stores the general registers in the context that is
// running on this CPU (the host's or a vCPU's), calls C++, and returns to whichever context is current then: a world
// switch is nothing but another context pointer. The stack is empty whenever EL1 or EL0 runs.

#include "hyp/mm/layout.h"

    .macro  x2_to_x29 op
    \op     x2, x3, [x0, #CONTEXT_X(2)]
    \op     x4, x5, [x0, #CONTEXT_X(4)]
    \op     x6, x7, [x0, #CONTEXT_X(6)]
    \op     x8, x9, [x0, #CONTEXT_X(8)]
    \op     x10, x11, [x0, #CONTEXT_X(10)]
    \op     x12, x13, [x0, #CONTEXT_X(12)]
    \op     x14, x15, [x0, #CONTEXT_X(14)]
    \op     x16, x17, [x0, #CONTEXT_X(16)]
    \op     x18, x19, [x0, #CONTEXT_X(18)]
    \op     x20, x21, [x0, #CONTEXT_X(20)]
    \op     x22, x23, [x0, #CONTEXT_X(22)]
    \op     x24, x25, [x0, #CONTEXT_X(24)]
    \op     x26, x27, [x0, #CONTEXT_X(26)]
    \op     x28, x29, [x0, #CONTEXT_X(28)]
    .endm

    .macro  save_context
    stp     x0, x1, [sp, #-16]!
    mrs     x0, tpidr_el2
    ldr     x0, [x0, #PER_CPU_CONTEXT]
    x2_to_x29 stp
    ldp     x2, x3, [sp], #16
    str     x30, [x0, #CONTEXT_X(30)]
    stp     x2, x3, [x0, #CONTEXT_X(0)]
    .endm

    .macro  from_lower handler
    .balign 0x80
    save_context
    bl      \handler
    b       return_to_context
    .endm

    .macro  from_el2 kind
    .balign 0x80
    mov     x28, #\kind
    b       el2_fault
    .endm

    .section .vectors, "ax"
    .balign 0x800
    .globl  vectors
vectors:
    from_el2 0                      // current EL with SP_EL0: never used
    from_el2 1
    from_el2 2
    from_el2 3
    from_el2 4                      // current EL with SP_ELx
    from_el2 5
    from_el2 6
    from_el2 7
    from_lower handle_sync          // lower EL, AArch64
    from_lower handle_irq
    from_lower handle_fiq
    from_lower handle_serror
    from_lower handle_aarch32       // lower EL, AArch32
    from_lower handle_aarch32
    from_lower handle_aarch32
    from_lower handle_aarch32

    .text
    .globl  return_to_context
return_to_context:
    mrs     x0, tpidr_el2
    ldr     x0, [x0, #PER_CPU_CONTEXT]
    x2_to_x29 ldp
    ldr     x30, [x0, #CONTEXT_X(30)]
    ldp     x0, x1, [x0, #CONTEXT_X(0)]
    eret
    dsb     nsh                     // nothing after an exception return may be speculated
    isb

// x0 = top of the stack that this CPU keeps. The end of boot_main().
    .globl  leave_boot
leave_boot:
    mov     sp, x0
    mov     x29, xzr
    mov     x30, xzr
    bl      forget_boot
    b       return_to_context

// An exception at EL2 itself is a bug of Redoubt. Nothing is restored: the machine stops with a report.
el2_fault:
    mrs     x0, tpidr_el2
    cbz     x0, 1f
    mov     x1, sp
    mov     x2, x29
    mov     x3, x30
    ldr     x4, [x0, #PER_CPU_EMERGENCY_STACK]
    mov     sp, x4
    b       2f
1:  mov     x1, sp
    mov     x2, x29
    mov     x3, x30
2:  mov     x0, x28
    bl      panic_on_exception
    b       .
