// SPDX-License-Identifier: GPL-2.0-only
/* Loads and stores that may fault: each has an entry in the exception table, like the kernel's own nofault accessors. */
#include "module/attack/attack.h"

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include <asm/asm-extable.h>
#include <asm/memory.h>

#define RD_LOAD(instruction, from, value, err)                                              \
	asm volatile("1: " instruction "\n"                                                 \
		     "2:\n" _ASM_EXTABLE_KACCESS_ERR_ZERO(1b, 2b, %w0, %w1)                 \
		     : "+r"(err), "=&r"(value)                                              \
		     : "r"(from)                                                            \
		     : "memory")

#define RD_STORE(instruction, to, value, err)                                               \
	asm volatile("1: " instruction "\n"                                                 \
		     "2:\n" _ASM_EXTABLE_KACCESS_ERR(1b, 2b, %w0)                           \
		     : "+r"(err)                                                            \
		     : "r"(value), "r"(to)                                                  \
		     : "memory")

int rd_attack_load(const void *from, u32 bytes, u64 *value)
{
	u64 got = 0;
	int err = 0;

	switch (bytes) {
	case 1:
		RD_LOAD("ldrb %w1, [%2]", from, got, err);
		break;
	case 2:
		RD_LOAD("ldrh %w1, [%2]", from, got, err);
		break;
	case 4:
		RD_LOAD("ldr %w1, [%2]", from, got, err);
		break;
	case 8:
		RD_LOAD("ldr %1, [%2]", from, got, err);
		break;
	default:
		return -EINVAL;
	}
	*value = got;
	return err;
}

int rd_attack_load_line(const void *from, u64 line[RD_ATTACK_LINE_WORDS])
{
	int err = 0;

	asm volatile("1: ldp x10, x11, [%1]\n"
		     "2: ldp x12, x13, [%1, #16]\n"
		     "3: ldp x14, x15, [%1, #32]\n"
		     "4: ldp x16, x17, [%1, #48]\n"
		     "stp x10, x11, [%2]\n"
		     "stp x12, x13, [%2, #16]\n"
		     "stp x14, x15, [%2, #32]\n"
		     "stp x16, x17, [%2, #48]\n"
		     "5:\n" _ASM_EXTABLE_KACCESS_ERR(1b, 5b, %w0) _ASM_EXTABLE_KACCESS_ERR(2b, 5b, %w0)
			     _ASM_EXTABLE_KACCESS_ERR(3b, 5b, %w0) _ASM_EXTABLE_KACCESS_ERR(4b, 5b, %w0)
		     : "+r"(err)
		     : "r"(from), "r"(line)
		     : "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return err;
}

int rd_attack_store(void *to, u32 bytes, u64 value)
{
	int err = 0;

	switch (bytes) {
	case 1:
		RD_STORE("strb %w1, [%2]", to, value, err);
		break;
	case 2:
		RD_STORE("strh %w1, [%2]", to, value, err);
		break;
	case 4:
		RD_STORE("str %w1, [%2]", to, value, err);
		break;
	case 8:
		RD_STORE("str %1, [%2]", to, value, err);
		break;
	default:
		return -EINVAL;
	}
	/* A store to a device faults when it is performed, not later in somebody else's code. */
	dsb(sy);
	return err;
}

static int attack_perform(struct rd_attack_access *access, void *page)
{
	void *place = page + offset_in_page(access->pa);

	if (access->store)
		return rd_attack_store(place, access->bytes, access->value);
	return rd_attack_load(place, access->bytes, &access->value);
}

static int attack_through_ioremap(struct rd_attack_access *access)
{
	void __iomem *mapped = ioremap(access->pa & PAGE_MASK, PAGE_SIZE);
	int err;

	if (!mapped)
		return -ENXIO;
	err = attack_perform(access, (void __force *)mapped);
	iounmap(mapped);
	return err;
}

/* ioremap() refuses RAM, so an alias of a page of RAM is made like this. */
static int attack_through_alias(struct rd_attack_access *access)
{
	struct page *page = pfn_to_page(PHYS_PFN(access->pa));
	void *mapped = vmap(&page, 1, VM_MAP, pgprot_device(PAGE_KERNEL));
	int err;

	if (!mapped)
		return -ENOMEM;
	err = attack_perform(access, mapped);
	vunmap(mapped);
	return err;
}

int rd_attack_access(struct rd_attack_access *access)
{
	bool ram = pfn_is_map_memory(PHYS_PFN(access->pa));

	if (access->bytes > 8 || !IS_ALIGNED(access->pa, access->bytes ?: 1) || access->pa >> PHYS_MASK_SHIFT)
		return -EINVAL;
	if (access->mapping == RD_ATTACK_LINEAR)
		return attack_perform(access, (void *)((unsigned long)__phys_to_virt(access->pa) & PAGE_MASK));
	return ram ? attack_through_alias(access) : attack_through_ioremap(access);
}
