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

/* XFER_TO_GUEST_MODE_WORK; the header was renamed in 6.18. */
#if __has_include(<linux/entry-virt.h>)
#include <linux/entry-virt.h>
#else
#include <linux/entry-kvm.h>
#endif

#endif
