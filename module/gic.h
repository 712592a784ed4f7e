/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts of a VM: the distributor, its device file, IRQ_LINE, eventfds. */
#ifndef REDOUBT_MODULE_GIC_H
#define REDOUBT_MODULE_GIC_H

#include "redoubt.h"

/* gic.c */
int rd_gic_publish(struct rd_vm *vm);
u32 rd_vm_vcpu_mask(struct rd_vm *vm);
void rd_gic_enter(struct rd_vcpu *vcpu);
void rd_gic_leave(struct rd_vcpu *vcpu, bool ran);
void rd_gic_after(struct rd_vcpu *vcpu);
bool rd_gic_pending(struct rd_vcpu *vcpu);
int rd_gic_mmio(struct rd_vcpu *vcpu, const struct rk_action *action);
long rd_gic_irq_line(struct rd_vm *vm, void __user *argp);
long rd_gic_set_routing(struct rd_vm *vm, void __user *argp);

/* gic_device.c */
long rd_device_create(struct rd_vm *vm, void __user *argp);

/* irqfd.c */
long rd_irqfd(struct rd_vm *vm, void __user *argp);
void rd_irqfds_close(struct rd_vm *vm);
void rd_irqfds_resample(struct rd_vm *vm, const struct rk_irq_left *left);

/* ioeventfd.c */
long rd_ioeventfd(struct rd_vm *vm, void __user *argp);
void rd_ioevents_close(struct rd_vm *vm);
int rd_ioevent_signal(struct rd_vcpu *vcpu, u32 handle);

#endif
