// SPDX-License-Identifier: GPL-2.0-only
/* Looking for a secret in everything the kernel can read. */
#include "module/attack/attack.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <asm/memory.h>

static bool attack_is_secret(const struct rd_attack_scan *scan, u64 word)
{
	word *= scan->factor;
	return word == scan->product[0] || word == scan->product[1] || word == scan->product[2] || word == scan->product[3];
}

/* A line at a time, which is wiped after it: what stays of it would itself be found by the next scan. */
static int attack_scan_page(struct rd_attack_scan *scan, u64 pfn, u64 line[RD_ATTACK_LINE_WORDS])
{
	const u64 *words = (const u64 *)__phys_to_virt(PFN_PHYS(pfn));
	unsigned int i, n;

	for (i = 0; i < PAGE_SIZE / sizeof(*words); i += RD_ATTACK_LINE_WORDS) {
		if (rd_attack_load_line(words + i, line))
			return -EFAULT;
		for (n = 0; n < RD_ATTACK_LINE_WORDS; n++) {
			if (!line[n] || !attack_is_secret(scan, line[n]))
				continue;
			if (!scan->hits)
				scan->first_hit = PFN_PHYS(pfn) + (i + n) * sizeof(*words);
			scan->hits++;
		}
	}
	return 0;
}

int rd_attack_scan(struct rd_attack_scan *scan)
{
	u64 line[RD_ATTACK_LINE_WORDS] = {};
	u64 i;

	if (scan->pages > RD_ATTACK_SCAN_PAGES || scan->pfn > PHYS_PFN(PHYS_MASK) - scan->pages)
		return -EINVAL;
	scan->hits = 0;
	scan->unreadable = 0;
	for (i = 0; i < scan->pages; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (attack_scan_page(scan, scan->pfn + i, line))
			scan->unreadable++;
		memzero_explicit(line, sizeof(line));
		cond_resched();
	}
	return 0;
}
