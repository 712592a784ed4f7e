// SPDX-License-Identifier: GPL-2.0-only
/* KVM_SET_USER_MEMORY_REGION, and memory for the C++ part. */
#include "redoubt.h"

#include <linux/uaccess.h>

void *rd_alloc(unsigned long bytes)
{
	return kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
}

void rd_free(void *memory)
{
	kvfree(memory);
}

static int rd_slots_apply(struct rd_vm *vm, const struct rk_slot_request *request)
{
	struct rk_slot_change change;
	int err = rk_slot_prepare(vm->logic, request, &change);

	if (err)
		return err;
	/* A protected VM's memory is part of what was measured; and a guest must not lose a page to its VMM. */
	if (vm->protected && vm->started)
		return -EPERM;
	if (vm->protected && change.adds && change.added.readonly)
		return -EPERM;
	if (change.removes)
		err = rd_mem_unmap(vm, change.removed.gfn, change.removed.pages);
	if (!err)
		rk_slot_commit(vm->logic, &change);
	return err;
}

int rd_slots_set(struct rd_vm *vm, const struct kvm_userspace_memory_region *region)
{
	const struct rk_slot_request request = {
		.ipa = region->guest_phys_addr,
		.bytes = region->memory_size,
		.hva = region->userspace_addr,
		.id = region->slot,
		.flags = region->flags,
	};
	int err;

	if (region->memory_size &&
	    !access_ok((void __user *)(unsigned long)untagged_addr(region->userspace_addr), region->memory_size))
		return -EINVAL;
	mutex_lock(&vm->lock);
	down_write(&vm->slots_lock);
	err = rd_slots_apply(vm, &request);
	up_write(&vm->slots_lock);
	mutex_unlock(&vm->lock);
	return err;
}
