// SPDX-License-Identifier: GPL-2.0-only
/* /dev/redoubt_attack: gives root in user space what a compromised kernel could do. For tests of one's own machine. */
#include "module/attack/attack.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi/hypercall.h"

static int attack_open(struct inode *inode, struct file *file)
{
	struct rd_attacker *attacker;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	attacker = kzalloc(sizeof(*attacker), GFP_KERNEL);
	if (!attacker)
		return -ENOMEM;
	mutex_init(&attacker->lock);
	INIT_LIST_HEAD(&attacker->pages);
	file->private_data = attacker;
	return 0;
}

static int attack_release(struct inode *inode, struct file *file)
{
	rd_attack_pages_drop(file->private_data);
	kfree(file->private_data);
	return 0;
}

union attack_argument {
	struct rd_attack_call call;
	struct rd_attack_access access;
	struct rd_attack_scan scan;
	struct rd_attack_sysreg sysreg;
	struct rd_attack_pages pages;
};

static int attack_dispatch(struct rd_attacker *attacker, unsigned int request, union attack_argument *argument)
{
	switch (request) {
	case RD_ATTACK_CALL:
		return rd_attack_call(&argument->call);
	case RD_ATTACK_ACCESS:
		return rd_attack_access(&argument->access);
	case RD_ATTACK_SCAN:
		return rd_attack_scan(&argument->scan);
	case RD_ATTACK_SYSREG:
		return rd_attack_sysreg(&argument->sysreg);
	case RD_ATTACK_PAGES:
		return rd_attack_pages_get(attacker, &argument->pages);
	default:
		return -ENOTTY;
	}
}

static long attack_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	union attack_argument argument = {};
	size_t bytes = _IOC_SIZE(request);
	int err;

	if (_IOC_TYPE(request) != 'A' || bytes > sizeof(argument))
		return -ENOTTY;
	if (copy_from_user(&argument, (void __user *)arg, bytes))
		return -EFAULT;
	err = attack_dispatch(file->private_data, request, &argument);
	if (err)
		return err;
	return copy_to_user((void __user *)arg, &argument, bytes) ? -EFAULT : 0;
}

static const struct file_operations attack_fops = {
	.owner = THIS_MODULE,
	.open = attack_open,
	.release = attack_release,
	.unlocked_ioctl = attack_ioctl,
};

static struct miscdevice attack_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = RD_ATTACK_DEVICE,
	.fops = &attack_fops,
	.mode = 0600,
};

static int __init attack_init(void)
{
	/* At EL1 without a hypervisor an HVC would be an undefined instruction. */
	struct device_node *node = of_find_compatible_node(NULL, NULL, RD_DT_COMPATIBLE);

	of_node_put(node);
	if (!node)
		return -ENODEV;
	return misc_register(&attack_misc);
}

static void __exit attack_exit(void)
{
	misc_deregister(&attack_misc);
}

module_init(attack_init);
module_exit(attack_exit);

MODULE_DESCRIPTION("The powers of a compromised host kernel, to attack one's own Redoubt");
MODULE_LICENSE("GPL");
