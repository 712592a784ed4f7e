// SPDX-License-Identifier: GPL-2.0-only
/* The shared half of a VM's GIC: the distributor is ours, everything below INTID 32 and the list registers are EL2's. */
#include "gic.h"

#include <linux/uaccess.h>

u32 rd_vm_vcpu_mask(struct rd_vm *vm)
{
	u32 mask = 0, i;

	for (i = 0; i < RD_MAX_VCPUS; i++)
		if (smp_load_acquire(&vm->vcpus[i]))
			mask |= BIT(i);
	return mask;
}

/* At the first run: tells EL2 where the frames are. Under vm->lock. */
int rd_gic_publish(struct rd_vm *vm)
{
	struct rk_gic_layout layout;
	int err = rk_gic_freeze(vm->logic, fls(rd_vm_vcpu_mask(vm)), &layout);

	if (err || !layout.nr_irqs)
		return err;
	return rk_errno(rd_call4(RD_CALL_VM_SET_GIC, vm->handle, layout.distributor, layout.redistributors,
				 layout.nr_irqs).status);
}

/* With interrupts off, right before and after VCPU_RUN. */
void rd_gic_enter(struct rd_vcpu *vcpu)
{
	if (!READ_ONCE(vcpu->vm->gic_live))
		return;
	raw_spin_lock(&vcpu->vm->irq_lock);
	rk_irq_enter(vcpu->vm->logic, vcpu->id, &vcpu->run->request);
	raw_spin_unlock(&vcpu->vm->irq_lock);
}

void rd_gic_leave(struct rd_vcpu *vcpu, bool ran)
{
	if (!vcpu->run->request.nr_spis)
		return;
	raw_spin_lock(&vcpu->vm->irq_lock);
	rk_irq_leave(vcpu->vm->logic, vcpu->id, rd_vm_vcpu_mask(vcpu->vm), vcpu->run, ran, &vcpu->left);
	raw_spin_unlock(&vcpu->vm->irq_lock);
}

/* With interrupts on again: what rd_gic_leave() found out. */
void rd_gic_after(struct rd_vcpu *vcpu)
{
	if (vcpu->left.kick)
		rd_vm_kick(vcpu->vm, vcpu->left.kick);
	if (vcpu->left.nr_ended)
		rd_irqfds_resample(vcpu->vm, &vcpu->left);
	vcpu->left.kick = 0;
	vcpu->left.nr_ended = 0;
}

bool rd_gic_pending(struct rd_vcpu *vcpu)
{
	unsigned long flags;
	bool pending;

	if (!READ_ONCE(vcpu->vm->gic_live))
		return false;
	raw_spin_lock_irqsave(&vcpu->vm->irq_lock, flags);
	pending = rk_irq_pending(vcpu->vm->logic, vcpu->id);
	raw_spin_unlock_irqrestore(&vcpu->vm->irq_lock, flags);
	return pending;
}

/*
 * Some registers show or change the state of interrupts that are now in the list registers of a running vCPU: bring all
 * out and keep them out. Two vCPUs may pause each other: both are out while they do.
 */
static void rd_vm_pause(struct rd_vm *vm)
{
	struct rd_vcpu *vcpu;
	u32 i;

	atomic_inc(&vm->paused);
	smp_mb__after_atomic(); /* pairs with the full barrier in rd_enter() */
	for (i = 0; i < RD_MAX_VCPUS; i++) {
		vcpu = smp_load_acquire(&vm->vcpus[i]);
		if (!vcpu || smp_load_acquire(&vcpu->mode) != RD_IN_GUEST)
			continue;
		rd_vcpu_kick(vcpu);
		while (smp_load_acquire(&vcpu->mode) == RD_IN_GUEST)
			cpu_relax();
	}
}

int rd_gic_mmio(struct rd_vcpu *vcpu, const struct rk_action *action)
{
	struct rd_vm *vm = vcpu->vm;
	bool pause;
	u32 kick = 0;

	raw_spin_lock_irq(&vm->irq_lock);
	pause = rk_dist_needs_pause(vm->logic, action);
	if (pause) {
		raw_spin_unlock_irq(&vm->irq_lock);
		rd_vm_pause(vm);
		raw_spin_lock_irq(&vm->irq_lock);
	}
	vcpu->run->request.action = RD_ACTION_MMIO_DONE;
	if (action->write)
		kick = rk_dist_write(vm->logic, action, rd_vm_vcpu_mask(vm));
	else
		vcpu->run->request.mmio_value = rk_dist_read(vm->logic, action);
	raw_spin_unlock_irq(&vm->irq_lock);
	if (pause)
		atomic_dec(&vm->paused);
	if (kick)
		rd_vm_kick(vm, kick & ~BIT(vcpu->id));
	return 1;
}

/* KVM_IRQ_LINE, layout of KVM_CAP_ARM_IRQ_LINE_LAYOUT_2. Private interrupts belong to EL2: nobody outside may raise one. */
long rd_gic_irq_line(struct rd_vm *vm, void __user *argp)
{
	struct kvm_irq_level line;
	unsigned long flags;
	u32 type, intid, kick;
	int err;

	if (copy_from_user(&line, argp, sizeof(line)))
		return -EFAULT;
	type = (line.irq >> KVM_ARM_IRQ_TYPE_SHIFT) & KVM_ARM_IRQ_TYPE_MASK;
	intid = (line.irq >> KVM_ARM_IRQ_NUM_SHIFT) & KVM_ARM_IRQ_NUM_MASK;
	if (!READ_ONCE(vm->gic_live))
		return -ENXIO;
	if (type != KVM_ARM_IRQ_TYPE_SPI)
		return type == KVM_ARM_IRQ_TYPE_CPU ? -ENXIO : -EINVAL;
	raw_spin_lock_irqsave(&vm->irq_lock, flags);
	err = rk_irq_set_line(vm->logic, intid, line.level, &kick);
	raw_spin_unlock_irqrestore(&vm->irq_lock, flags);
	if (kick)
		rd_vm_kick(vm, kick);
	return err;
}

static void rd_route_take(struct rk_route *route, const struct kvm_irq_routing_entry *entry)
{
	*route = (struct rk_route){
		.gsi = entry->gsi,
		.type = entry->type,
		.flags = entry->flags,
		.chip = entry->u.irqchip.irqchip,
		.pin = entry->u.irqchip.pin,
	};
}

long rd_gic_set_routing(struct rd_vm *vm, void __user *argp)
{
	struct kvm_irq_routing __user *user = argp;
	struct kvm_irq_routing_entry entry;
	struct kvm_irq_routing header;
	struct rk_route *routes;
	long err = 0;
	u32 i;

	if (copy_from_user(&header, argp, sizeof(header)))
		return -EFAULT;
	if (header.flags || header.nr > rk_capability(KVM_CAP_IRQ_ROUTING, rd_max_ipa_bits))
		return -EINVAL;
	routes = kvcalloc(max(header.nr, 1u), sizeof(*routes), GFP_KERNEL_ACCOUNT);
	if (!routes)
		return -ENOMEM;
	for (i = 0; !err && i < header.nr; i++) {
		err = copy_from_user(&entry, &user->entries[i], sizeof(entry)) ? -EFAULT : 0;
		if (!err)
			rd_route_take(&routes[i], &entry);
	}
	if (!err) {
		raw_spin_lock_irq(&vm->irq_lock);
		err = rk_irq_set_routes(vm->logic, routes, header.nr);
		raw_spin_unlock_irq(&vm->irq_lock);
	}
	kvfree(routes);
	return err;
}
