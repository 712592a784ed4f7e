// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU: its file and its ioctls. */
#include "redoubt.h"

#include <linux/anon_inodes.h>
#include <linux/signal.h>
#include <linux/uaccess.h>

#include "compat.h"

static vm_fault_t rd_vcpu_fault(struct vm_fault *vmf)
{
	struct rd_vcpu *vcpu = vmf->vma->vm_file->private_data;
	struct page *page;

	if (vmf->pgoff)
		return VM_FAULT_SIGBUS;
	page = virt_to_page(vcpu->kvm_run);
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct rd_vcpu_vm_ops = { .fault = rd_vcpu_fault };

static int rd_vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &rd_vcpu_vm_ops;
	return 0;
}

static long rd_vcpu_set_signal_mask(struct rd_vcpu *vcpu, void __user *argp)
{
	struct kvm_signal_mask __user *user = argp;
	struct kvm_signal_mask mask;
	sigset_t sigset;

	if (!argp) {
		vcpu->sigset_active = false;
		return 0;
	}
	if (copy_from_user(&mask, user, sizeof(mask)))
		return -EFAULT;
	if (mask.len != sizeof(vcpu->sigset))
		return -EINVAL;
	if (copy_from_user(&sigset, user->sigset, sizeof(sigset)))
		return -EFAULT;
	/* sigprocmask() would block them: nobody could end KVM_RUN. */
	sigdelsetmask(&sigset, sigmask(SIGKILL) | sigmask(SIGSTOP));
	vcpu->sigset = sigset;
	vcpu->sigset_active = true;
	return 0;
}

static long rd_vcpu_locked_ioctl(struct rd_vcpu *vcpu, unsigned int request, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (request) {
	case KVM_RUN:
		return arg ? -EINVAL : rd_vcpu_run(vcpu);
	case KVM_ARM_VCPU_INIT:
		return rd_vcpu_init_ioctl(vcpu, argp);
	case KVM_GET_ONE_REG:
		return rd_vcpu_one_reg(vcpu, argp, false);
	case KVM_SET_ONE_REG:
		return rd_vcpu_one_reg(vcpu, argp, true);
	case KVM_GET_REG_LIST:
		return rd_vcpu_reg_list(vcpu, argp);
	case KVM_GET_MP_STATE:
		return rd_vcpu_mp_state(vcpu, argp, false);
	case KVM_SET_MP_STATE:
		return rd_vcpu_mp_state(vcpu, argp, true);
	case KVM_SET_SIGNAL_MASK:
		return rd_vcpu_set_signal_mask(vcpu, argp);
	default:
		return -ENOTTY;
	}
}

static long rd_vcpu_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct rd_vcpu *vcpu = file->private_data;
	long result;

	if (vcpu->vm->mm != current->mm || READ_ONCE(vcpu->vm->dead))
		return -EIO;
	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	result = rd_vcpu_locked_ioctl(vcpu, request, arg);
	mutex_unlock(&vcpu->mutex);
	return result;
}

/* The object itself lives until the VM goes: EL2 knows its run page, other vCPUs may be about to kick it. */
static int rd_vcpu_release(struct inode *inode, struct file *file)
{
	struct rd_vcpu *vcpu = file->private_data;

	rd_vm_put(vcpu->vm);
	return 0;
}

static const struct file_operations rd_vcpu_fops = {
	.owner = THIS_MODULE,
	.release = rd_vcpu_release,
	.unlocked_ioctl = rd_vcpu_ioctl,
	.compat_ioctl = rd_vcpu_ioctl,
	.mmap = rd_vcpu_mmap,
	.llseek = noop_llseek,
};

void rd_vcpu_free(struct rd_vcpu *vcpu)
{
	rd_work_free(vcpu->work);
	free_page((unsigned long)vcpu->kvm_run);
	free_page((unsigned long)vcpu->run);
	kfree(vcpu);
}

static struct rd_vcpu *rd_vcpu_alloc(struct rd_vm *vm, u32 id)
{
	struct rd_vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);

	if (!vcpu)
		return NULL;
	vcpu->vm = vm;
	vcpu->id = id;
	mutex_init(&vcpu->mutex);
	init_waitqueue_head(&vcpu->wq);
	INIT_CSD(&vcpu->csd, rd_vcpu_kick_function, vcpu);
	vcpu->kvm_run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->work = vcpu->kvm_run ? rd_work_new(vcpu->kvm_run) : NULL;
	if (vcpu->work && vcpu->run)
		return vcpu;
	rd_vcpu_free(vcpu);
	return NULL;
}

static int rd_vcpu_enter_el2(struct rd_vcpu *vcpu)
{
	struct rd_vm *vm = vcpu->vm;
	struct page *state = rd_meta_alloc(vm, 0);
	struct rd_answer answer;

	if (!state)
		return -ENOMEM;
	mutex_lock(&vm->mem_lock);
	answer = rd_call4(RD_CALL_VCPU_CREATE, vm->handle, vcpu->id, page_to_pfn(state),
			  virt_to_phys(vcpu->run) >> PAGE_SHIFT);
	if (answer.status)
		rd_meta_free(vm, state, 0);
	else
		rd_meta_track(vm, state, 0);
	mutex_unlock(&vm->mem_lock);
	return rk_errno(answer.status);
}

/* Under vm->lock. Once EL2 knows the vCPU, the object stays until the VM goes, even if no file is made for it. */
static long rd_vcpu_create_locked(struct rd_vm *vm, u32 id)
{
	struct rd_vcpu *vcpu;
	long err;

	if (vm->vcpus[id])
		return -EEXIST;
	if (vm->protected && vm->started)
		return -EPERM;
	vcpu = rd_vcpu_alloc(vm, id);
	if (!vcpu)
		return -ENOMEM;
	err = rd_vcpu_enter_el2(vcpu);
	if (err) {
		rd_vcpu_free(vcpu);
		return err;
	}
	smp_store_release(&vm->vcpus[id], vcpu);
	rd_vm_get(vm);
	err = anon_inode_getfd("kvm-vcpu", &rd_vcpu_fops, vcpu, O_RDWR | O_CLOEXEC);
	if (err < 0)
		rd_vm_put(vm);
	return err;
}

long rd_vcpu_create(struct rd_vm *vm, unsigned long id)
{
	long result;

	if (id >= RD_MAX_VCPUS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	result = rd_vcpu_create_locked(vm, id);
	mutex_unlock(&vm->lock);
	return result;
}
