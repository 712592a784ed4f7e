// SPDX-License-Identifier: GPL-2.0-only
/* KVM_CREATE_DEVICE: the GICv3, and its device file with attributes. */
#include "gic.h"

#include <linux/anon_inodes.h>
#include <linux/uaccess.h>

static u32 rd_vcpu_count(struct rd_vm *vm)
{
	return hweight32(rd_vm_vcpu_mask(vm));
}

static int rd_gic_set_attr(struct rd_vm *vm, const struct kvm_device_attr *attr)
{
	u64 value = 0;
	int err;

	err = rk_gic_has(attr->group, attr->attr);
	if (err)
		return err;
	if (copy_from_user(&value, u64_to_user_ptr(attr->addr), rk_gic_value_bytes(attr->group)))
		return -EFAULT;
	mutex_lock(&vm->lock);
	down_write(&vm->slots_lock);
	raw_spin_lock_irq(&vm->irq_lock);
	err = rk_gic_set(vm->logic, attr->group, attr->attr, value, rd_vcpu_count(vm));
	if (!err && attr->group == KVM_DEV_ARM_VGIC_GRP_CTRL)
		WRITE_ONCE(vm->gic_live, true);
	raw_spin_unlock_irq(&vm->irq_lock);
	up_write(&vm->slots_lock);
	mutex_unlock(&vm->lock);
	return err;
}

static int rd_gic_get_attr(struct rd_vm *vm, const struct kvm_device_attr *attr)
{
	void __user *user = u64_to_user_ptr(attr->addr);
	u32 bytes = rk_gic_value_bytes(attr->group);
	u64 value = 0;
	int err;

	err = rk_gic_has(attr->group, attr->attr);
	if (err)
		return err;
	if (copy_from_user(&value, user, bytes))
		return -EFAULT;
	mutex_lock(&vm->lock);
	err = rk_gic_get(vm->logic, attr->group, attr->attr, &value);
	mutex_unlock(&vm->lock);
	if (err)
		return err;
	return copy_to_user(user, &value, bytes) ? -EFAULT : 0;
}

static long rd_device_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct rd_vm *vm = file->private_data;
	struct kvm_device_attr attr;

	if (vm->mm != current->mm || READ_ONCE(vm->dead))
		return -EIO;
	if (request != KVM_SET_DEVICE_ATTR && request != KVM_GET_DEVICE_ATTR && request != KVM_HAS_DEVICE_ATTR)
		return -ENOTTY;
	if (copy_from_user(&attr, (void __user *)arg, sizeof(attr)))
		return -EFAULT;
	if (attr.flags)
		return -EINVAL;
	if (request == KVM_HAS_DEVICE_ATTR)
		return rk_gic_has(attr.group, attr.attr);
	return request == KVM_SET_DEVICE_ATTR ? rd_gic_set_attr(vm, &attr) : rd_gic_get_attr(vm, &attr);
}

static int rd_device_release(struct inode *inode, struct file *file)
{
	rd_vm_put(file->private_data);
	return 0;
}

static const struct file_operations rd_device_fops = {
	.owner = THIS_MODULE,
	.release = rd_device_release,
	.unlocked_ioctl = rd_device_ioctl,
	.compat_ioctl = rd_device_ioctl,
	.llseek = noop_llseek,
};

static int rd_gic_create(struct rd_vm *vm)
{
	int err;

	mutex_lock(&vm->lock);
	err = vm->started ? -EBUSY : rk_gic_create(vm->logic);
	mutex_unlock(&vm->lock);
	return err;
}

long rd_device_create(struct rd_vm *vm, void __user *argp)
{
	struct kvm_create_device device;
	int fd, err;

	if (copy_from_user(&device, argp, sizeof(device)))
		return -EFAULT;
	if (device.type != KVM_DEV_TYPE_ARM_VGIC_V3)
		return -ENODEV; /* crosvm takes exactly this errno for "no ITS" */
	if (device.flags & ~KVM_CREATE_DEVICE_TEST)
		return -EINVAL;
	if (device.flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	err = rd_gic_create(vm);
	if (err)
		return err;
	rd_vm_get(vm);
	fd = anon_inode_getfd("kvm-arm-vgic-v3", &rd_device_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		rd_vm_put(vm);
		return fd;
	}
	device.fd = fd;
	/* As KVM: the file stays open if the answer cannot be delivered. */
	return copy_to_user(argp, &device, sizeof(device)) ? -EFAULT : 0;
}
