// SPDX-License-Identifier: GPL-2.0-only
/* Finds the hypervisor and offers /dev/kvm. */
#include "redoubt.h"

#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>

#include "host.h"

u32 rd_max_ipa_bits;

long rd_check_extension(unsigned long capability)
{
	return capability > U32_MAX ? 0 : rk_capability(capability, rd_max_ipa_bits);
}

static long rd_dev_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		return rd_vm_create(arg);
	case KVM_CHECK_EXTENSION:
		return rd_check_extension(arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : PAGE_SIZE;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations rd_dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = rd_dev_ioctl,
	.compat_ioctl = rd_dev_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice rd_misc = {
	.minor = KVM_MINOR,
	.name = "kvm",
	.fops = &rd_dev_fops,
	.mode = 0666,
};

/* The node first: at EL1 without a hypervisor an HVC would be an undefined instruction. */
static bool rd_node_present(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, RD_DT_COMPATIBLE);

	of_node_put(node);
	return node;
}

static bool rd_uid_matches(void)
{
	struct rd_answer uid = rd_smccc(RD_SMCCC_UID_CALL, 0, 0, 0, 0, 0, 0);

	return (u32)uid.status == RD_UID_0 && (u32)uid.x1 == RD_UID_1 && (u32)uid.x2 == RD_UID_2 &&
	       (u32)uid.x3 == RD_UID_3;
}

static int rd_hypervisor_find(void)
{
	struct rd_answer version;

	if (!rd_node_present() || !rd_uid_matches()) {
		pr_err("no hypervisor found: boot the machine through redoubt.img\n");
		return -ENODEV;
	}
	version = rd_call0(RD_CALL_VERSION);
	if (version.status || version.x1 >> 16 != RD_ABI_MAJOR) {
		pr_err("the hypervisor speaks interface version %llu, this module %u: load the module built with it\n",
		       version.x1 >> 16, RD_ABI_MAJOR);
		return -ENODEV;
	}
	rd_max_ipa_bits = rd_call1(RD_CALL_INFO, RD_INFO_MAX_IPA_BITS).x1;
	pr_info("hypervisor found, interface %llu.%llu, %u-bit guest addresses%s\n", version.x1 >> 16,
		version.x1 & 0xffff, rd_max_ipa_bits,
		version.x2 & RD_FEATURE_DEBUG_IMAGE ? ", DEBUG IMAGE: not for production" : "");
	return 0;
}

static int __init rd_init(void)
{
	int err = rd_hypervisor_find();

	if (err)
		return err;
	err = rd_host_init();
	if (err)
		return err;
	err = misc_register(&rd_misc);
	if (err) {
		pr_err("cannot register /dev/kvm (%d): is another KVM active?\n", err);
		rd_host_exit();
	}
	return err;
}

static void __exit rd_exit(void)
{
	misc_deregister(&rd_misc);
	rd_host_exit();
}

module_init(rd_init);
module_exit(rd_exit);

MODULE_DESCRIPTION("KVM API on the Redoubt hypervisor");
MODULE_LICENSE("GPL");
MODULE_ALIAS_MISCDEV(KVM_MINOR);
MODULE_ALIAS("devname:kvm");
