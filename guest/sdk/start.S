// SPDX-License-Identifier: Apache-2.0
// Entry of a bare-metal guest: the arm64 Linux Image header (Linux Documentation/arch/arm64/booting.rst), the boot CPU
// and the CPUs started by PSCI. Entered at EL1h or EL2-less EL1 with the MMU off and x0 = device tree.

    .section .text.header, "ax"
    .global image_header
image_header:
    b       boot
    .word   0
    .quad   0                       // text_offset
    .quad   __image_size            // effective size, zeroed part included
    .quad   0xa                     // little endian, 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

// Invalidate [x1, x2) to the point of coherency: what was written with caches off must not be hidden by older lines.
    .macro invalidate_range
    mrs     x3, ctr_el0
    ubfx    x3, x3, #16, #4
    mov     x4, #4
    lsl     x3, x4, x3              // line size
    sub     x4, x3, #1
    bic     x4, x1, x4
1:  dc      ivac, x4
    add     x4, x4, x3
    cmp     x4, x2
    b.lo    1b
    dsb     sy
    .endm

// Add the load address to the pointers listed in .rela.dyn (R_AARCH64_RELATIVE is the only kind a static PIE has).
    .macro relocate
    adrp    x1, __rela_start
    add     x1, x1, :lo12:__rela_start
    adrp    x2, __rela_end
    add     x2, x2, :lo12:__rela_end
    adrp    x5, __image_start
    add     x5, x5, :lo12:__image_start
2:  cmp     x1, x2
    b.hs    3f
    ldp     x3, x4, [x1], #16       // offset, info
    ldr     x6, [x1], #8            // addend
    cmp     x4, #1027
    b.ne    2b
    add     x6, x6, x5
    str     x6, [x3, x5]
    b       2b
3:
    .endm

    .text
boot:
    msr     daifset, #0xf
    mov     x20, x0
    adrp    x1, __bss_start
    adrp    x2, __bss_end
    invalidate_range
    adrp    x1, __bss_start
    adrp    x2, __bss_end
4:  stp     xzr, xzr, [x1], #16
    cmp     x1, x2
    b.lo    4b
    relocate
    adrp    x0, boot_stack_top
    add     sp, x0, :lo12:boot_stack_top
    mov     x29, #0
    mov     x30, #0
    bl      build_translation_tables
    mov     x21, x0
    adrp    x1, __image_start
    adrp    x2, __bss_end
    invalidate_range
    mov     x0, x21
    bl      enable_mmu
    mov     x0, x20
    bl      boot_cpu_main
    b       park

// x0 = struct CpuStart (smp.cpp), cleaned to the point of coherency: {stack top, translation root, ...}.
    .global secondary_entry
secondary_entry:
    msr     daifset, #0xf
    mov     x20, x0
    ldr     x1, [x20, #0]
    mov     sp, x1
    mov     x29, #0
    mov     x30, #0
    ldr     x0, [x20, #8]
    bl      enable_mmu
    mov     x0, x20
    bl      secondary_cpu_main
park:
    wfi
    b       park

// x0 = TTBR0. One regime for all CPUs: 4 KiB granule, 48-bit VA, write-back inner-shareable walks.
// Attribute 0 Device-nGnRE, 1 Normal write-back.
enable_mmu:
    ldr     x1, =0xff04
    msr     mair_el1, x1
    mrs     x2, id_aa64mmfr0_el1
    and     x2, x2, #0xf            // PARange; larger than 48 bits is not usable with 4 KiB pages and no LPA2
    cmp     x2, #5
    mov     x3, #5
    csel    x2, x2, x3, lo
    ldr     x1, =0x803510           // T0SZ 16, IRGN0/ORGN0 WBWA, SH0 inner, TG0 4K, EPD1
    orr     x1, x1, x2, lsl #32
    msr     tcr_el1, x1
    msr     ttbr0_el1, x0
    isb
    tlbi    vmalle1
    dsb     nsh
    adrp    x1, exception_vectors
    add     x1, x1, :lo12:exception_vectors
    msr     vbar_el1, x1
    mov     x1, #(3 << 20)          // FP and SIMD usable; the SDK itself is built without them
    msr     cpacr_el1, x1
    ic      iallu
    dsb     nsh
    isb
    ldr     x1, =0x30d0199d         // RES1 bits, SA0 SA C I M, no alignment check, no trapping of EL0
    msr     sctlr_el1, x1
    isb
    ret
    .ltorg

    .section .bss.boot_stack, "aw", %nobits
    .balign 16
    .skip   16384
boot_stack_top:
