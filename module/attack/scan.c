// SPDX-License-Identifier: GPL-2.0-only
/* Looking for a secret in everything the kernel can read. */
#include "module/attack/attack.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <asm/memory.h>

/* Words are looked at where they are: a copy of a page would itself be found by the next scan. */
static int attack_scan_page(struct rd_attack_scan *scan, u64 pfn)
{
	const u64 *words = (const u64 *)__phys_to_virt(PFN_PHYS(pfn));
	unsigned int i;
	u64 value;

	for (i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		if (rd_attack_load(words + i, sizeof(*words), &value))
			return -EFAULT;
		value *= scan->factor;
		if (value != scan->product[0] && value != scan->product[1] && value != scan->product[2] &&
		    value != scan->product[3])
			continue;
		if (!scan->hits)
			scan->first_hit = PFN_PHYS(pfn) + i * sizeof(*words);
		scan->hits++;
	}
	return 0;
}

int rd_attack_scan(struct rd_attack_scan *scan)
{
	u64 i;

	if (scan->pages > RD_ATTACK_SCAN_PAGES || scan->pfn > PHYS_PFN(PHYS_MASK) - scan->pages)
		return -EINVAL;
	scan->hits = 0;
	scan->unreadable = 0;
	for (i = 0; i < scan->pages; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (attack_scan_page(scan, scan->pfn + i))
			scan->unreadable++;
		cond_resched();
	}
	return 0;
}
