// SPDX-License-Identifier: Apache-2.0
// spin_with_secret of secret.hpp. Assembly, because the point is which registers hold the secret at every exit.

    .arch_extension fp
    .arch_extension simd

    // x0 += 1 unless \reg holds \word
    .macro expect reg, word
    cmp     \reg, \word
    cinc    x0, x0, ne
    .endm

    .macro expect_vector index, low, high
    mov     x8, v\index\().d[0]
    expect  x8, \low
    mov     x8, v\index\().d[1]
    expect  x8, \high
    .endm

    .text
    .global spin_with_secret
spin_with_secret:
    stp     x29, x30, [sp, #-176]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    stp     d8, d9, [sp, #96]
    stp     d10, d11, [sp, #112]
    stp     d12, d13, [sp, #128]
    stp     d14, d15, [sp, #144]
    mrs     x9, tpidr_el1
    str     x9, [sp, #160]

    ldp     x19, x20, [x0]
    ldp     x21, x22, [x0, #16]
    mov     x23, x19
    mov     x24, x20
    mov     x25, x21
    mov     x26, x22
    mov     x27, x19
    mov     x28, x20
    msr     tpidr_el1, x19
    ldp     q8, q9, [x0]
    ldp     q10, q11, [x0]
    ldp     q12, q13, [x0]
    ldp     q14, q15, [x0]

1:  isb
    mrs     x9, cntvct_el0
    cmp     x9, x1
    b.lo    1b

    ldp     x10, x11, [x0]
    ldp     x12, x13, [x0, #16]
    mov     x0, #0
    expect  x19, x10
    expect  x20, x11
    expect  x21, x12
    expect  x22, x13
    expect  x23, x10
    expect  x24, x11
    expect  x25, x12
    expect  x26, x13
    expect  x27, x10
    expect  x28, x11
    mrs     x8, tpidr_el1
    expect  x8, x10
    expect_vector 8, x10, x11
    expect_vector 9, x12, x13
    expect_vector 10, x10, x11
    expect_vector 11, x12, x13
    expect_vector 12, x10, x11
    expect_vector 13, x12, x13
    expect_vector 14, x10, x11
    expect_vector 15, x12, x13

    ldr     x9, [sp, #160]
    msr     tpidr_el1, x9
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     d8, d9, [sp, #96]
    ldp     d10, d11, [sp, #112]
    ldp     d12, d13, [sp, #128]
    ldp     d14, d15, [sp, #144]
    ldp     x29, x30, [sp], #176
    ret
