// SPDX-License-Identifier: Apache-2.0
// The only routines at EL2 that touch FP, Advanced SIMD and SVE registers: they move a world's state, nothing else.

    .arch   armv8-a+sve
    .text

    .macro  each_q op               // leaves x0 behind the last one
    \op     {v0.2d-v3.2d}, [x0], #64
    \op     {v4.2d-v7.2d}, [x0], #64
    \op     {v8.2d-v11.2d}, [x0], #64
    \op     {v12.2d-v15.2d}, [x0], #64
    \op     {v16.2d-v19.2d}, [x0], #64
    \op     {v20.2d-v23.2d}, [x0], #64
    \op     {v24.2d-v27.2d}, [x0], #64
    \op     {v28.2d-v31.2d}, [x0], #64
    .endm

// void fp_save(FpState*)
    .globl  fp_save
fp_save:
    each_q  st1
    mrs     x1, fpsr
    mrs     x2, fpcr
    stp     x1, x2, [x0]
    ret

// void fp_load(const FpState*)
    .globl  fp_load
fp_load:
    each_q  ld1
    ldp     x1, x2, [x0]
    msr     fpsr, x1
    msr     fpcr, x2
    ret

    .macro  each_z op
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op     z\n, [x0, #\n, mul vl]
    .endr
    .endm

    .macro  each_p op
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    \op     p\n, [x1, #\n, mul vl]
    .endr
    .endm

// void sve_save(void* storage): Z0-31 of the current vector length, then P0-15, FFR, FPSR and FPCR.
// SVE_STORAGE_BYTES of the largest vector length (256 bytes) is what the caller provides.
    .globl  sve_save
sve_save:
    each_z  str
    rdvl    x2, #1
    lsl     x1, x2, #5
    add     x1, x1, x0
    each_p  str
    rdffr   p0.b
    str     p0, [x1, #16, mul vl]
    ldr     p0, [x1, #0, mul vl]
    add     x1, x1, x2, lsl #2      // 17 predicates of VL / 8 bytes fit well below 4 * VL
    mrs     x3, fpsr
    mrs     x4, fpcr
    stp     x3, x4, [x1]
    ret

// void sve_load(const void* storage)
    .globl  sve_load
sve_load:
    rdvl    x2, #1
    lsl     x1, x2, #5
    add     x1, x1, x0
    ldr     p0, [x1, #16, mul vl]
    wrffr   p0.b
    each_p  ldr
    each_z  ldr
    add     x1, x1, x2, lsl #2
    ldp     x3, x4, [x1]
    msr     fpsr, x3
    msr     fpcr, x4
    ret
