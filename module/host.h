/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver does once per machine: /sys/kernel/redoubt, suspend and reboot. */
#ifndef REDOUBT_MODULE_HOST_H
#define REDOUBT_MODULE_HOST_H

/* host.c */
int rd_host_init(void);
void rd_host_exit(void);

/* sysfs.c */
int rd_sysfs_init(void);
void rd_sysfs_exit(void);

#endif
