// SPDX-License-Identifier: GPL-2.0-only
/* A virtual machine: its file, its life and its ioctls. */
#include "redoubt.h"

#include <linux/anon_inodes.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "gic.h"
#include "memory.h"

DEFINE_MUTEX(rd_vms_lock);
LIST_HEAD(rd_vms);
bool rd_vms_closed;

static void rd_vm_free(struct rd_vm *vm)
{
	u32 i;

	/* The last kicks may still be on their way to other CPUs. */
	kick_all_cpus_sync();
	/* If EL2 did not let the VM go it may still write to the run pages. */
	for (i = 0; !vm->stuck && i < RD_MAX_VCPUS; i++) {
		if (vm->vcpus[i])
			rd_vcpu_free(vm->vcpus[i]);
	}
	if (!vm->stuck)
		rd_uncharge(vm, vm->locked_pages);
	rd_ioevents_close(vm);
	rk_vm_delete(vm->logic);
	kfree(vm->batch);
	if (vm->mm)
		mmdrop(vm->mm);
	kfree(vm);
}

/* The VMM ended or called execve(). Its VM's memory comes back now, whoever else still holds a file of the VM. */
static void rd_vm_owner_gone(struct mmu_notifier *owner, struct mm_struct *mm)
{
	rd_vm_teardown(container_of(owner, struct rd_vm, owner));
}

static const struct mmu_notifier_ops rd_vm_owner_ops = { .release = rd_vm_owner_gone };

static struct rd_vm *rd_vm_alloc(const struct rk_vm_type *type)
{
	struct rd_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);

	if (!vm)
		return NULL;
	kref_init(&vm->refs);
	mutex_init(&vm->lock);
	init_rwsem(&vm->slots_lock);
	mutex_init(&vm->mem_lock);
	mutex_init(&vm->event_lock);
	raw_spin_lock_init(&vm->irq_lock);
	INIT_LIST_HEAD(&vm->ioevents);
	INIT_LIST_HEAD(&vm->irqfds);
	xa_init(&vm->chunks);
	xa_init(&vm->meta);
	vm->ipa_bits = type->ipa_bits;
	vm->protected = type->vm_flags & RD_VM_PROTECTED;
	vm->mm = current->mm;
	mmgrab(vm->mm);
	vm->owner.ops = &rd_vm_owner_ops;
	vm->torn_down = true;
	vm->logic = rk_vm_new(type->ipa_bits, type->vm_flags);
	vm->batch = kmalloc_array(512, sizeof(*vm->batch), GFP_KERNEL_ACCOUNT);
	if (vm->logic && vm->batch)
		return vm;
	rd_vm_free(vm);
	return NULL;
}

/* Gives EL2 the root table and the decoy page. */
static int rd_vm_enter_el2(struct rd_vm *vm, u32 flags)
{
	const unsigned int root_order = get_order(RD_VM_ROOT_PAGES * PAGE_SIZE);
	struct page *root = rd_meta_alloc(vm, root_order);
	struct page *decoy = rd_meta_alloc(vm, 0);
	struct rd_answer answer;
	int err = -ENOMEM;

	if (!root || !decoy)
		goto free_pages;
	answer = rd_call(RD_CALL_VM_CREATE, flags, vm->ipa_bits, page_to_pfn(root), page_to_pfn(decoy), RD_MAX_VCPUS);
	err = rk_errno(answer.status);
	if (err)
		goto free_pages;
	vm->handle = answer.x1;
	vm->torn_down = false;
	rd_meta_track(vm, root, root_order);
	rd_meta_track(vm, decoy, 0);
	return 0;

free_pages:
	if (root)
		rd_meta_free(vm, root, root_order);
	if (decoy)
		rd_meta_free(vm, decoy, 0);
	return err;
}

static void rd_vm_release(struct kref *refs)
{
	struct rd_vm *vm = container_of(refs, struct rd_vm, refs);

	mmu_notifier_unregister(&vm->owner, vm->mm);
	rd_vm_teardown(vm);
	/* On the list until EL2 has nothing of it: a suspend or reboot looks there. */
	mutex_lock(&rd_vms_lock);
	list_del(&vm->node);
	mutex_unlock(&rd_vms_lock);
	rd_vm_free(vm);
}

void rd_vm_put(struct rd_vm *vm)
{
	kref_put(&vm->refs, rd_vm_release);
}

/* Before the first run: GIC layout and, for a protected VM, memory and the initial image; then nothing of it changes. */
int rd_vm_start(struct rd_vm *vm)
{
	int err = 0;

	if (likely(smp_load_acquire(&vm->started)))
		return 0;
	mutex_lock(&vm->lock);
	if (vm->started)
		goto out;
	/* A first attempt that failed half way is not repeated: what it gave away is not there to be read again. */
	err = READ_ONCE(vm->dead) ? -EIO : rd_gic_publish(vm);
	if (!err && vm->protected)
		err = rd_image_load(vm);
	if (!err) {
		err = rk_errno(rd_call1(RD_CALL_VM_FINALISE, vm->handle).status);
		if (err)
			pr_info_ratelimited("VM %u cannot start: the hypervisor refused its initial state (%d)\n", vm->handle, err);
		/* Its image is with EL2 already. */
		if (err && vm->protected)
			WRITE_ONCE(vm->dead, true);
	}
	if (!err)
		smp_store_release(&vm->started, true);
out:
	mutex_unlock(&vm->lock);
	return err;
}

static long rd_vm_set_memory(struct rd_vm *vm, void __user *argp)
{
	struct kvm_userspace_memory_region region;

	if (copy_from_user(&region, argp, sizeof(region)))
		return -EFAULT;
	return rd_slots_set(vm, &region);
}

static long rd_vm_preferred_target(void __user *argp)
{
	struct kvm_vcpu_init init = { .target = KVM_ARM_TARGET_GENERIC_V8 };

	return copy_to_user(argp, &init, sizeof(init)) ? -EFAULT : 0;
}

static long rd_vm_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct rd_vm *vm = file->private_data;
	void __user *argp = (void __user *)arg;

	if (vm->mm != current->mm || READ_ONCE(vm->dead))
		return -EIO;
	switch (request) {
	case KVM_CHECK_EXTENSION:
		return rd_check_extension(arg);
	case KVM_CREATE_VCPU:
		return rd_vcpu_create(vm, arg);
	case KVM_SET_USER_MEMORY_REGION:
		return rd_vm_set_memory(vm, argp);
	case KVM_ARM_PREFERRED_TARGET:
		return rd_vm_preferred_target(argp);
	case KVM_CREATE_DEVICE:
		return rd_device_create(vm, argp);
	case KVM_IRQ_LINE:
		return rd_gic_irq_line(vm, argp);
	case KVM_SET_GSI_ROUTING:
		return rd_gic_set_routing(vm, argp);
	case KVM_IOEVENTFD:
		return rd_ioeventfd(vm, argp);
	case KVM_IRQFD:
		return rd_irqfd(vm, argp);
	default:
		return -ENOTTY;
	}
}

static int rd_vm_close(struct inode *inode, struct file *file)
{
	struct rd_vm *vm = file->private_data;

	/* Its users hold the file of the VM only as long as they want interrupts from it. */
	rd_irqfds_close(vm);
	rd_vm_put(vm);
	return 0;
}

static const struct file_operations rd_vm_fops = {
	.owner = THIS_MODULE,
	.release = rd_vm_close,
	.unlocked_ioctl = rd_vm_ioctl,
	.compat_ioctl = rd_vm_ioctl,
	.llseek = noop_llseek,
};

long rd_vm_create(unsigned long type_arg)
{
	struct rk_vm_type type;
	struct rd_vm *vm;
	long err = rk_vm_type_parse(type_arg, rd_max_ipa_bits, &type);

	if (type.pkvm_asked)
		pr_info_ratelimited("the pkvm personality (VM type bit 31) is not available in this version\n");
	if (err)
		return err;
	vm = rd_vm_alloc(&type);
	if (!vm)
		return -ENOMEM;
	err = mmu_notifier_register(&vm->owner, vm->mm);
	if (err) {
		rd_vm_free(vm);
		return err;
	}
	mutex_lock(&rd_vms_lock);
	err = rd_vms_closed ? -EBUSY : rd_vm_enter_el2(vm, type.vm_flags);
	list_add(&vm->node, &rd_vms);
	mutex_unlock(&rd_vms_lock);
	if (!err)
		err = anon_inode_getfd("kvm-vm", &rd_vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (err < 0)
		rd_vm_put(vm);
	return err;
}
