/* SPDX-License-Identifier: GPL-2.0-only */
/* The few places where Linux 6.12 and 7.x differ for us. */
#ifndef REDOUBT_MODULE_COMPAT_H
#define REDOUBT_MODULE_COMPAT_H

#include <linux/version.h>

/* Binary sysfs attributes became const in 6.16. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define RD_BIN_ATTRIBUTE const struct bin_attribute
#else
#define RD_BIN_ATTRIBUTE struct bin_attribute
#endif

/*
 * What the kernel wants done before a task enters a guest: signals (-EINTR), scheduling, task work. Until 6.17 the function
 * asks for a struct kvm_vcpu, of which it touches only run->exit_reason and a counter: rd_work_new() makes one.
 */
#if __has_include(<linux/entry-virt.h>)
#include <linux/entry-virt.h>

static inline void *rd_work_new(struct kvm_run *run)
{
	return run;
}

static inline void rd_work_free(void *work)
{
}

static inline int rd_work_do(void *work)
{
	return xfer_to_guest_mode_handle_work();
}
#else
#include <linux/entry-kvm.h>
#include <linux/kvm_host.h>

static inline void *rd_work_new(struct kvm_run *run)
{
	struct kvm_vcpu *work = kvzalloc(sizeof(*work), GFP_KERNEL_ACCOUNT);

	if (work)
		work->run = run;
	return work;
}

static inline void rd_work_free(void *work)
{
	kvfree(work);
}

static inline int rd_work_do(void *work)
{
	return xfer_to_guest_mode_handle_work(work);
}
#endif

#endif
