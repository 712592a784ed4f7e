// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/redoubt: the hypervisor's numbers, one file each, and its log. Read-only, root only. */
#include "host.h"

#include "redoubt.h"

#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "compat.h"

struct rd_info_file {
	struct kobj_attribute attr;
	u32 key;
};

static ssize_t rd_info_show(struct kobject *kobj, struct kobj_attribute *attr, char *buffer)
{
	struct rd_info_file *file = container_of(attr, struct rd_info_file, attr);
	struct rd_answer answer = rd_call1(RD_CALL_INFO, file->key);

	if (answer.status)
		return rk_errno(answer.status);
	return sysfs_emit(buffer, "%llu\n", answer.x1);
}

#define RD_INFO_FILE(file_name, info_key) \
	{ .attr = { .attr = { .name = file_name, .mode = 0400 }, .show = rd_info_show }, .key = info_key }

static struct rd_info_file rd_info_files[] = {
	RD_INFO_FILE("dma_policy", RD_INFO_DMA_POLICY),
	RD_INFO_FILE("entropy", RD_INFO_ENTROPY),
	RD_INFO_FILE("max_ipa_bits", RD_INFO_MAX_IPA_BITS),
	RD_INFO_FILE("list_registers", RD_INFO_NR_LRS),
	RD_INFO_FILE("reserved_bytes", RD_INFO_RESERVED_BYTES),
	RD_INFO_FILE("image_bytes", RD_INFO_IMAGE_BYTES),
	RD_INFO_FILE("vms", RD_INFO_VMS),
	RD_INFO_FILE("pages_hyp", RD_INFO_PAGES_HYP),
	RD_INFO_FILE("pages_guest", RD_INFO_PAGES_GUEST),
	RD_INFO_FILE("pages_borrowed", RD_INFO_PAGES_BORROWED),
	RD_INFO_FILE("decoys", RD_INFO_DECOYS),
	RD_INFO_FILE("host_faults", RD_INFO_HOST_FAULTS),
	RD_INFO_FILE("cpus_online", RD_INFO_CPUS_ONLINE),
	RD_INFO_FILE("pool_free", RD_INFO_POOL_FREE),
	RD_INFO_FILE("dma_stopped", RD_INFO_DMA_STOPPED),
};

/* Where the oldest byte kept was when somebody last read from the start: the file begins there. */
static DEFINE_MUTEX(rd_log_lock);
static u64 rd_log_base;

static ssize_t rd_log_fetch(char *page, loff_t offset)
{
	struct rd_answer answer;

	if (!offset)
		rd_log_base = 0;
	answer = rd_call2(RD_CALL_LOG_READ, virt_to_phys(page) >> PAGE_SHIFT, rd_log_base + offset);
	if (answer.status)
		return rk_errno(answer.status);
	if (!offset && answer.x2 >= answer.x1)
		rd_log_base = answer.x2 - answer.x1;
	return min_t(u64, answer.x1, PAGE_SIZE);
}

static ssize_t rd_log_read(struct file *file, struct kobject *kobj, RD_BIN_ATTRIBUTE *attr, char *buffer, loff_t offset,
			   size_t count)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	ssize_t got;

	if (!page)
		return -ENOMEM;
	mutex_lock(&rd_log_lock);
	got = rd_log_fetch(page, offset);
	mutex_unlock(&rd_log_lock);
	if (got > 0) {
		got = min_t(size_t, got, count);
		memcpy(buffer, page, got);
	}
	free_page((unsigned long)page);
	return got;
}

static RD_BIN_ATTRIBUTE rd_log_file = {
	.attr = { .name = "log", .mode = 0400 },
	.read = rd_log_read,
};

static struct kobject *rd_kobj;

int rd_sysfs_init(void)
{
	unsigned int i;
	int err = 0;

	rd_kobj = kobject_create_and_add("redoubt", kernel_kobj);
	if (!rd_kobj)
		return -ENOMEM;
	for (i = 0; !err && i < ARRAY_SIZE(rd_info_files); i++) {
		sysfs_attr_init(&rd_info_files[i].attr.attr);
		err = sysfs_create_file(rd_kobj, &rd_info_files[i].attr.attr);
	}
	if (!err)
		err = sysfs_create_bin_file(rd_kobj, &rd_log_file);
	if (err)
		rd_sysfs_exit();
	return err;
}

void rd_sysfs_exit(void)
{
	kobject_put(rd_kobj);
	rd_kobj = NULL;
}
