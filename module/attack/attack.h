/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the attack module; each answers 0 or a negative errno. */
#ifndef REDOUBT_MODULE_ATTACK_H
#define REDOUBT_MODULE_ATTACK_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "abi/attack.h"

/* One open file. */
struct rd_attacker {
	struct mutex lock;
	struct list_head pages; /* struct rd_attack_block */
};

/* call.c */
int rd_attack_call(struct rd_attack_call *call);
int rd_attack_sysreg(struct rd_attack_sysreg *reg);
/* Whether the host, and nobody else, owns the frame, as the hypervisor says. */
bool rd_attack_page_is_ours(u64 pfn);

/* access.c */
int rd_attack_access(struct rd_attack_access *access);
/* One aligned load or store that answers -EFAULT instead of an oops. bytes: 1, 2, 4 or 8. */
int rd_attack_load(const void *from, u32 bytes, u64 *value);
int rd_attack_store(void *to, u32 bytes, u64 value);
/* Eight words at an address aligned to 8. */
#define RD_ATTACK_LINE_WORDS 8
int rd_attack_load_line(const void *from, u64 line[RD_ATTACK_LINE_WORDS]);

/* scan.c */
int rd_attack_scan(struct rd_attack_scan *scan);

/* pages.c */
int rd_attack_pages_get(struct rd_attacker *attacker, struct rd_attack_pages *request);
void rd_attack_pages_drop(struct rd_attacker *attacker);

#endif
