// SPDX-License-Identifier: GPL-2.0-only
/* Any call into the hypervisor or the firmware, and the timer of this CPU. */
#include "module/attack/attack.h"

#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>

#include <asm/sysreg.h>

#include "module/hvc.h"

/* SMCCC 1.1 preserves x18..x30 and lets the callee use the rest. */
#define RD_ATTACK_ISSUE(instruction, x)                                                                               \
	do {                                                                                                          \
		register u64 x0 asm("x0") = (x)[0];                                                                   \
		register u64 x1 asm("x1") = (x)[1];                                                                   \
		register u64 x2 asm("x2") = (x)[2];                                                                   \
		register u64 x3 asm("x3") = (x)[3];                                                                   \
		register u64 x4 asm("x4") = (x)[4];                                                                   \
		register u64 x5 asm("x5") = (x)[5];                                                                   \
		register u64 x6 asm("x6") = (x)[6];                                                                   \
		register u64 x7 asm("x7") = (x)[7];                                                                   \
		asm volatile(instruction                                                                              \
			     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7)         \
			     :                                                                                        \
			     : "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");         \
		(x)[0] = x0;                                                                                          \
		(x)[1] = x1;                                                                                          \
		(x)[2] = x2;                                                                                          \
		(x)[3] = x3;                                                                                          \
		(x)[4] = x4;                                                                                          \
		(x)[5] = x5;                                                                                          \
		(x)[6] = x6;                                                                                          \
		(x)[7] = x7;                                                                                          \
	} while (0)

static int attack_hvc(u64 *x, u32 immediate)
{
	switch (immediate) {
	case 0:
		RD_ATTACK_ISSUE("hvc #0", x);
		return 0;
	case 1:
		RD_ATTACK_ISSUE("hvc #1", x);
		return 0;
	case 0xffff:
		RD_ATTACK_ISSUE("hvc #0xffff", x);
		return 0;
	default:
		return -EINVAL;
	}
}

static int attack_smc(u64 *x, u32 immediate)
{
	switch (immediate) {
	case 0:
		RD_ATTACK_ISSUE("smc #0", x);
		return 0;
	case 1:
		RD_ATTACK_ISSUE("smc #1", x);
		return 0;
	case 0xffff:
		RD_ATTACK_ISSUE("smc #0xffff", x);
		return 0;
	default:
		return -EINVAL;
	}
}

static void attack_timer(u64 ctl)
{
	write_sysreg(0, cntv_cval_el0);
	write_sysreg(ctl, cntv_ctl_el0);
	isb();
}

/* Interrupts stay masked, because VCPU_RUN leaves the guest for them, and because the host has no handler for forged ones. */
static int attack_masked(struct rd_attack_call *call, void *page)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	if (page)
		rd_attack_store(page + offset_in_page(call->poke_pa), 4, call->poke_value);
	if (call->flags & RD_ATTACK_FORGE_TIMER)
		attack_timer(call->cntv_ctl);
	err = call->conduit == RD_ATTACK_HVC ? attack_hvc(call->x, call->immediate) : attack_smc(call->x, call->immediate);
	if (call->flags & RD_ATTACK_FORGE_TIMER)
		attack_timer(0);
	if (page)
		rd_attack_store(page + offset_in_page(call->unpoke_pa), 4, call->poke_value);
	local_irq_restore(flags);
	return err;
}

int rd_attack_call(struct rd_attack_call *call)
{
	void __iomem *page = NULL;
	int err;

	if (call->flags & RD_ATTACK_POKE) {
		if (((call->poke_pa ^ call->unpoke_pa) & PAGE_MASK) || (call->poke_pa | call->unpoke_pa) & 3)
			return -EINVAL;
		page = ioremap(call->poke_pa & PAGE_MASK, PAGE_SIZE);
		if (!page)
			return -ENXIO;
	}
	err = attack_masked(call, (void __force *)page);
	if (page)
		iounmap(page);
	return err;
}

/* LOG_READ writes only to a page that is exclusively the host's, and so tells whether it is; no log lies that far. */
bool rd_attack_page_is_ours(u64 pfn)
{
	return rd_call2(RD_CALL_LOG_READ, pfn, U64_MAX).status == 0;
}

static int attack_sysreg_read(struct rd_attack_sysreg *reg)
{
	switch (reg->which) {
	case RD_ATTACK_CNTV_CTL:
		reg->value = read_sysreg(cntv_ctl_el0);
		return 0;
	case RD_ATTACK_CNTV_CVAL:
		reg->value = read_sysreg(cntv_cval_el0);
		return 0;
	case RD_ATTACK_CNTVCT:
		isb();
		reg->value = read_sysreg(cntvct_el0);
		return 0;
	case RD_ATTACK_MPIDR:
		reg->value = read_sysreg(mpidr_el1);
		return 0;
	default:
		return -EINVAL;
	}
}

int rd_attack_sysreg(struct rd_attack_sysreg *reg)
{
	if (!reg->write)
		return attack_sysreg_read(reg);
	switch (reg->which) {
	case RD_ATTACK_CNTV_CTL:
		write_sysreg(reg->value, cntv_ctl_el0);
		break;
	case RD_ATTACK_CNTV_CVAL:
		write_sysreg(reg->value, cntv_cval_el0);
		break;
	default:
		return -EINVAL;
	}
	isb();
	return 0;
}
