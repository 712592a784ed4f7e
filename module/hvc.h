/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls into the hypervisor. Only after rd_hypervisor_found(): HVC is undefined at EL1 when there is no EL2 software. */
#ifndef REDOUBT_MODULE_HVC_H
#define REDOUBT_MODULE_HVC_H

#include <linux/types.h>

#include "abi/error.h"
#include "abi/hypercall.h"

struct rd_answer {
	long status; /* 0 or RD_E_* */
	u64 x1, x2, x3;
};

/* SMCCC 1.1: x0..x3 are results, everything else is preserved (abi/hypercall.def promises x4..x17 too). */
static __always_inline struct rd_answer rd_smccc(u32 function, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	register u64 x0 asm("x0") = function;
	register u64 x1 asm("x1") = a1;
	register u64 x2 asm("x2") = a2;
	register u64 x3 asm("x3") = a3;
	register u64 x4 asm("x4") = a4;
	register u64 x5 asm("x5") = a5;
	register u64 x6 asm("x6") = a6;

	asm volatile("hvc #0"
		     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
		     : "r"(x4), "r"(x5), "r"(x6)
		     : "memory");
	return (struct rd_answer){ .status = (long)x0, .x1 = x1, .x2 = x2, .x3 = x3 };
}

static __always_inline struct rd_answer rd_call(enum rd_call call, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
	return rd_smccc(RD_HYPERCALL_BASE | call, a1, a2, a3, a4, a5, 0);
}

#define rd_call0(call) rd_call(call, 0, 0, 0, 0, 0)
#define rd_call1(call, a) rd_call(call, a, 0, 0, 0, 0)
#define rd_call2(call, a, b) rd_call(call, a, b, 0, 0, 0)
#define rd_call3(call, a, b, c) rd_call(call, a, b, c, 0, 0)
#define rd_call4(call, a, b, c, d) rd_call(call, a, b, c, d, 0)

#endif
