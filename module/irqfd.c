// SPDX-License-Identifier: GPL-2.0-only
/* KVM_IRQFD: an eventfd that raises an SPI; with a second one that says the guest has ended it (level-triggered). */
#include "gic.h"

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#define RD_MAX_IRQFDS 1024

/*
 * On vm->irqfds under event_lock. The wake-up runs in any context and takes only irq_lock. An eventfd that its last user
 * closes stays registered until it is deassigned or the VM goes: nobody can signal it any more.
 */
struct rd_irqfd {
	struct list_head node;
	struct rd_vm *vm;
	u32 gsi;
	struct eventfd_ctx *eventfd;
	struct eventfd_ctx *resample; /* NULL: every signal is one edge */
	wait_queue_entry_t wait;
	poll_table poll;
};

static void rd_irqfd_raise(struct rd_irqfd *irqfd, bool level)
{
	struct rd_vm *vm = irqfd->vm;
	unsigned long flags;
	u32 kick;

	raw_spin_lock_irqsave(&vm->irq_lock, flags);
	if (irqfd->resample)
		rk_irq_set_gsi(vm->logic, irqfd->gsi, level, &kick);
	else
		rk_irq_pulse_gsi(vm->logic, irqfd->gsi, &kick);
	raw_spin_unlock_irqrestore(&vm->irq_lock, flags);
	if (kick)
		rd_vm_kick(vm, kick);
}

static int rd_irqfd_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct rd_irqfd *irqfd = container_of(wait, struct rd_irqfd, wait);
	u64 count;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(irqfd->eventfd, &count);
	rd_irqfd_raise(irqfd, true);
	return 0;
}

static void rd_irqfd_queue(struct file *file, wait_queue_head_t *head, poll_table *poll)
{
	struct rd_irqfd *irqfd = container_of(poll, struct rd_irqfd, poll);

	add_wait_queue(head, &irqfd->wait);
}

static void rd_irqfd_free(struct rd_irqfd *irqfd)
{
	if (irqfd->resample)
		eventfd_ctx_put(irqfd->resample);
	if (irqfd->eventfd)
		eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static struct rd_irqfd *rd_irqfd_new(struct rd_vm *vm, const struct kvm_irqfd *args)
{
	struct rd_irqfd *irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	struct eventfd_ctx *resample = NULL;
	struct eventfd_ctx *eventfd;

	if (!irqfd)
		return ERR_PTR(-ENOMEM);
	irqfd->vm = vm;
	irqfd->gsi = args->gsi;
	eventfd = eventfd_ctx_fdget(args->fd);
	if (!IS_ERR(eventfd)) {
		irqfd->eventfd = eventfd;
		if (args->flags & KVM_IRQFD_FLAG_RESAMPLE)
			resample = eventfd_ctx_fdget(args->resamplefd);
	}
	if (IS_ERR(eventfd) || IS_ERR(resample)) {
		rd_irqfd_free(irqfd);
		return IS_ERR(eventfd) ? ERR_CAST(eventfd) : ERR_CAST(resample);
	}
	irqfd->resample = resample;
	init_waitqueue_func_entry(&irqfd->wait, rd_irqfd_wake);
	init_poll_funcptr(&irqfd->poll, rd_irqfd_queue);
	return irqfd;
}

/* Under event_lock: whether the eventfd is in use already, and how many there are. */
static int rd_irqfd_admit(struct rd_vm *vm, const struct rd_irqfd *irqfd)
{
	struct rd_irqfd *other;
	u32 count = 0;

	list_for_each_entry(other, &vm->irqfds, node) {
		if (other->eventfd == irqfd->eventfd)
			return -EBUSY;
		count++;
	}
	return count < RD_MAX_IRQFDS ? 0 : -ENOSPC;
}

static int rd_irqfd_assign(struct rd_vm *vm, const struct kvm_irqfd *args)
{
	struct rd_irqfd *irqfd = rd_irqfd_new(vm, args);
	struct file *file;
	int err;

	if (IS_ERR(irqfd))
		return PTR_ERR(irqfd);
	file = eventfd_fget(args->fd);
	if (IS_ERR(file)) {
		rd_irqfd_free(irqfd);
		return PTR_ERR(file);
	}
	mutex_lock(&vm->event_lock);
	err = rd_irqfd_admit(vm, irqfd);
	if (!err) {
		list_add(&irqfd->node, &vm->irqfds);
		/* An event from before counts too. */
		if (vfs_poll(file, &irqfd->poll) & EPOLLIN)
			rd_irqfd_raise(irqfd, true);
	}
	mutex_unlock(&vm->event_lock);
	fput(file);
	if (err)
		rd_irqfd_free(irqfd);
	return err;
}

/* Under event_lock. Once it is off the wait queue no wake-up can be running. */
static void rd_irqfd_remove(struct rd_irqfd *irqfd)
{
	u64 count;

	list_del(&irqfd->node);
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	rd_irqfd_free(irqfd);
}

static int rd_irqfd_deassign(struct rd_vm *vm, const struct kvm_irqfd *args)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(args->fd);
	struct rd_irqfd *irqfd, *next;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	mutex_lock(&vm->event_lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds, node)
		if (irqfd->eventfd == eventfd && irqfd->gsi == args->gsi)
			rd_irqfd_remove(irqfd);
	mutex_unlock(&vm->event_lock);
	eventfd_ctx_put(eventfd);
	return 0;
}

long rd_irqfd(struct rd_vm *vm, void __user *argp)
{
	struct kvm_irqfd args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	if (args.flags & KVM_IRQFD_FLAG_DEASSIGN)
		return rd_irqfd_deassign(vm, &args);
	if (!READ_ONCE(vm->gic_live) && args.flags & KVM_IRQFD_FLAG_RESAMPLE)
		return -EINVAL;
	return rd_irqfd_assign(vm, &args);
}

/* The guest ended these interrupts: lower their lines, and let the owners raise them again if there is still a cause. */
void rd_irqfds_resample(struct rd_vm *vm, const struct rk_irq_left *left)
{
	struct rd_irqfd *irqfd;
	unsigned long flags;
	u32 intid, i;

	mutex_lock(&vm->event_lock);
	list_for_each_entry(irqfd, &vm->irqfds, node) {
		if (!irqfd->resample)
			continue;
		raw_spin_lock_irqsave(&vm->irq_lock, flags);
		intid = rk_irq_gsi_intid(vm->logic, irqfd->gsi);
		raw_spin_unlock_irqrestore(&vm->irq_lock, flags);
		for (i = 0; i < left->nr_ended; i++) {
			if (left->ended[i] != intid)
				continue;
			rd_irqfd_raise(irqfd, false);
			eventfd_signal(irqfd->resample);
		}
	}
	mutex_unlock(&vm->event_lock);
}

/* The VM's file is closed. */
void rd_irqfds_close(struct rd_vm *vm)
{
	struct rd_irqfd *irqfd, *next;

	mutex_lock(&vm->event_lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds, node)
		rd_irqfd_remove(irqfd);
	mutex_unlock(&vm->event_lock);
}
