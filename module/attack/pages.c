// SPDX-License-Identifier: GPL-2.0-only
/* Kernel pages to attack with. Some end up with the hypervisor: those are never given back to the kernel. */
#include "module/attack/attack.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

struct rd_attack_block {
	struct list_head node;
	struct page *page;
	u32 order;
};

int rd_attack_pages_get(struct rd_attacker *attacker, struct rd_attack_pages *request)
{
	struct rd_attack_block *block;

	if (request->order > 9)
		return -EINVAL;
	block = kzalloc(sizeof(*block), GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	block->order = request->order;
	block->page = alloc_pages(GFP_KERNEL | __GFP_ZERO, block->order);
	if (!block->page) {
		kfree(block);
		return -ENOMEM;
	}
	request->pfn = page_to_pfn(block->page);
	mutex_lock(&attacker->lock);
	list_add(&block->node, &attacker->pages);
	mutex_unlock(&attacker->lock);
	return 0;
}

static bool attack_block_is_ours(const struct rd_attack_block *block)
{
	u64 i;

	for (i = 0; i < 1ul << block->order; i++)
		if (!rd_attack_page_is_ours(page_to_pfn(block->page) + i))
			return false;
	return true;
}

void rd_attack_pages_drop(struct rd_attacker *attacker)
{
	struct rd_attack_block *block, *next;
	unsigned long lost = 0;

	list_for_each_entry_safe(block, next, &attacker->pages, node) {
		if (attack_block_is_ours(block))
			__free_pages(block->page, block->order);
		else
			lost += 1ul << block->order;
		kfree(block);
	}
	if (lost)
		pr_info("redoubt_attack: %lu pages stay with the hypervisor\n", lost);
}
