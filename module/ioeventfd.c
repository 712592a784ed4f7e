// SPDX-License-Identifier: GPL-2.0-only
/* KVM_IOEVENTFD: guest writes that signal an eventfd without going to the VMM. */
#include "gic.h"

#include <linux/eventfd.h>
#include <linux/uaccess.h>

/* Under vm->slots_lock, like the match table that leads here by number. */
struct rd_ioevent {
	struct list_head node;
	u32 handle;
	struct eventfd_ctx *eventfd;
};

static struct rd_ioevent *rd_ioevent_find(struct rd_vm *vm, u32 handle)
{
	struct rd_ioevent *event;

	list_for_each_entry(event, &vm->ioevents, node)
		if (event->handle == handle)
			return event;
	return NULL;
}

/* The MMIO write of this exit is done. */
int rd_ioevent_signal(struct rd_vcpu *vcpu, u32 handle)
{
	struct rd_ioevent *event;

	down_read(&vcpu->vm->slots_lock);
	event = rd_ioevent_find(vcpu->vm, handle);
	if (event)
		eventfd_signal(event->eventfd);
	up_read(&vcpu->vm->slots_lock);
	vcpu->run->request.action = RD_ACTION_MMIO_DONE;
	return 1;
}

static int rd_ioevent_add(struct rd_vm *vm, struct rk_ioevent *match, int fd)
{
	struct rd_ioevent *event = kzalloc(sizeof(*event), GFP_KERNEL_ACCOUNT);
	int err;

	if (!event)
		return -ENOMEM;
	event->eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(event->eventfd)) {
		err = PTR_ERR(event->eventfd);
		kfree(event);
		return err;
	}
	down_write(&vm->slots_lock);
	event->handle = match->handle = vm->next_ioevent++;
	err = rk_ioevent_add(vm->logic, match);
	if (!err)
		list_add(&event->node, &vm->ioevents);
	up_write(&vm->slots_lock);
	if (err) {
		eventfd_ctx_put(event->eventfd);
		kfree(event);
	}
	return err;
}

static int rd_ioevent_remove(struct rd_vm *vm, const struct rk_ioevent *match, int fd)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(fd);
	struct rd_ioevent *event = NULL;
	u32 handle;
	int err;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	down_write(&vm->slots_lock);
	err = rk_ioevent_remove(vm->logic, match, &handle);
	if (!err) {
		event = rd_ioevent_find(vm, handle);
		list_del(&event->node);
	}
	up_write(&vm->slots_lock);
	eventfd_ctx_put(eventfd);
	if (event) {
		eventfd_ctx_put(event->eventfd);
		kfree(event);
	}
	return err;
}

long rd_ioeventfd(struct rd_vm *vm, void __user *argp)
{
	const u32 known = KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_DEASSIGN;
	struct kvm_ioeventfd args;
	struct rk_ioevent match;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~known || args.addr + args.len < args.addr)
		return -EINVAL;
	match = (struct rk_ioevent){
		.ipa = args.addr,
		.data = args.datamatch,
		.bytes = args.len,
		.match_data = !!(args.flags & KVM_IOEVENTFD_FLAG_DATAMATCH),
	};
	if (args.flags & KVM_IOEVENTFD_FLAG_DEASSIGN)
		return rd_ioevent_remove(vm, &match, args.fd);
	return rd_ioevent_add(vm, &match, args.fd);
}

void rd_ioevents_close(struct rd_vm *vm)
{
	struct rd_ioevent *event, *next;

	list_for_each_entry_safe(event, next, &vm->ioevents, node) {
		list_del(&event->node);
		eventfd_ctx_put(event->eventfd);
		kfree(event);
	}
}
