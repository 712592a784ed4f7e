// SPDX-License-Identifier: Apache-2.0
// The guest of OwnVm: switches everything of its interrupt controller on, then tells each interrupt it takes by a store to a
// device address. x0 = bit of the shared half, GICD at 0x08000000, GICR at 0x080a0000, the device at 0x0b000000.
// It runs position-independent at any address, MMU off.
    .section .rodata
    .balign 8
    .global rd_own_guest, rd_own_guest_end
rd_own_guest:
    orr     x1, x0, #0x08000000
    mov     w2, #0x12               // GICD_CTLR: ARE, EnableGrp1
    str     w2, [x1]
    mov     w2, #0x100              // GICD_ISENABLER1: SPI 40, and no other
    str     w2, [x1, #0x104]
    movz    x3, #0x080b, lsl #16    // SGI_base of vCPU 0
    orr     x3, x3, x0
    mov     w2, #-1
    str     w2, [x3, #0x80]         // GICR_IGROUPR0: all in group 1
    str     w2, [x3, #0x100]        // GICR_ISENABLER0: all of 0..31
    mov     x2, #1
    msr     s3_0_c12_c12_5, x2      // ICC_SRE_EL1
    isb
    mov     x2, #0xff
    msr     s3_0_c4_c6_0, x2        // ICC_PMR_EL1
    mov     x2, #1
    msr     s3_0_c12_c12_7, x2      // ICC_IGRPEN1_EL1
    isb
    movz    x4, #0x0b00, lsl #16
    orr     x4, x4, x0
    mov     w2, #0x7000             // "I am ready"
    str     w2, [x4]
1:  mrs     x2, s3_0_c12_c12_0      // ICC_IAR1_EL1
    and     w5, w2, #0xffffff
    mov     w6, #1023
    cmp     w5, w6
    b.eq    1b
    str     w5, [x4]
    msr     s3_0_c12_c12_1, x2      // ICC_EOIR1_EL1
    isb
    b       1b
rd_own_guest_end:
