// SPDX-License-Identifier: Apache-2.0
// FP and SIMD registers with a known pattern; the C++ between fill and check is built without FP and leaves them alone.

    .arch_extension fp
    .arch_extension simd
    .text

// fp_fill(seed): v<n> = {seed + n, ~(seed + n)}, FPCR.RMode = 3 (bits 23:22), FPSR.QC (bit 27) set.
    .global fp_fill
fp_fill:
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    add     x1, x0, #\n
    mvn     x2, x1
    mov     v\n\().d[0], x1
    mov     v\n\().d[1], x2
    .endr
    mov     x1, #(3 << 22)
    msr     fpcr, x1
    mov     x1, #(1 << 27)
    msr     fpsr, x1
    ret

// fp_check(seed): how many registers differ. Resets FPCR and FPSR.
    .global fp_check
fp_check:
    mov     x3, x0
    mov     x0, #0
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    add     x1, x3, #\n
    mvn     x2, x1
    mov     x4, v\n\().d[0]
    mov     x5, v\n\().d[1]
    cmp     x4, x1
    ccmp    x5, x2, #0, eq
    cinc    x0, x0, ne
    .endr
    mrs     x4, fpcr
    mov     x5, #(3 << 22)
    cmp     x4, x5
    cinc    x0, x0, ne
    mrs     x4, fpsr
    mov     x5, #(1 << 27)
    cmp     x4, x5
    cinc    x0, x0, ne
    msr     fpcr, xzr
    msr     fpsr, xzr
    ret
