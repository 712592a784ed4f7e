// SPDX-License-Identifier: GPL-2.0-only
/* Machine-wide events. EL2 keeps guests safe whatever the host does; this keeps the host from losing work or hanging. */
#include "host.h"

#include "redoubt.h"

#include <linux/jiffies.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

/*
 * A suspended or hibernated host would write its image without the guests' pages, which it cannot read. Programs still run
 * when this is called: until the machine is back nobody makes a VM.
 */
static int rd_pm_event(struct notifier_block *block, unsigned long event, void *data)
{
	const bool sleeps = event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE || event == PM_RESTORE_PREPARE;
	bool refused;

	mutex_lock(&rd_vms_lock);
	refused = sleeps && !list_empty(&rd_vms);
	rd_vms_closed = sleeps && !refused;
	mutex_unlock(&rd_vms_lock);
	if (!refused)
		return NOTIFY_DONE;
	pr_warn("suspend refused: virtual machines are running\n");
	return NOTIFY_BAD;
}

/* A VM's lock is held while its memory is faulted in, which its program may delay as long as it likes (userfaultfd, FUSE). */
#define RD_REBOOT_SECONDS 5

static int rd_reboot_event(struct notifier_block *block, unsigned long event, void *data)
{
	const unsigned long deadline = jiffies + RD_REBOOT_SECONDS * HZ;
	struct rd_vm *vm;

	mutex_lock(&rd_vms_lock);
	rd_vms_closed = true;
	list_for_each_entry(vm, &rd_vms, node) {
		WRITE_ONCE(vm->dead, true);
		rd_vm_kick(vm, U32_MAX);
	}
	list_for_each_entry(vm, &rd_vms, node)
		if (!rd_vm_teardown_until(vm, deadline))
			pr_warn("VM %u is busy with its memory; the hypervisor will end it\n", vm->handle);
	mutex_unlock(&rd_vms_lock);
	return NOTIFY_DONE;
}

static struct notifier_block rd_pm_notifier = { .notifier_call = rd_pm_event };
static struct notifier_block rd_reboot_notifier = { .notifier_call = rd_reboot_event };

int rd_host_init(void)
{
	int err = rd_sysfs_init();

	if (err)
		return err;
	register_pm_notifier(&rd_pm_notifier);
	register_reboot_notifier(&rd_reboot_notifier);
	return 0;
}

void rd_host_exit(void)
{
	unregister_reboot_notifier(&rd_reboot_notifier);
	unregister_pm_notifier(&rd_pm_notifier);
	rd_sysfs_exit();
}
