// SPDX-License-Identifier: GPL-2.0-only
/* Machine-wide events. EL2 keeps guests safe whatever the host does; this keeps the host from losing work or hanging. */
#include "host.h"

#include "redoubt.h"

#include <linux/reboot.h>
#include <linux/suspend.h>

/* A suspended or hibernated host would write its image without the guests' pages, which it cannot read. */
static int rd_pm_event(struct notifier_block *block, unsigned long event, void *data)
{
	bool any;

	if (event != PM_SUSPEND_PREPARE && event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	mutex_lock(&rd_vms_lock);
	any = !list_empty(&rd_vms);
	mutex_unlock(&rd_vms_lock);
	if (!any)
		return NOTIFY_DONE;
	pr_warn("suspend refused: virtual machines are running\n");
	return NOTIFY_BAD;
}

static int rd_reboot_event(struct notifier_block *block, unsigned long event, void *data)
{
	struct rd_vm *vm;

	mutex_lock(&rd_vms_lock);
	list_for_each_entry(vm, &rd_vms, node) {
		WRITE_ONCE(vm->dead, true);
		rd_vm_kick(vm, U32_MAX);
		rd_vm_teardown(vm);
	}
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
