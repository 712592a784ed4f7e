// SPDX-License-Identifier: GPL-2.0-only
/* KVM_RUN: in and out of the guest, kicks from other CPUs, signals. */
#include "redoubt.h"

#include <linux/sched/signal.h>

#include "compat.h"
#include "gic.h"

static void rd_send_ipi(struct rd_vcpu *vcpu)
{
	int cpu = READ_ONCE(vcpu->cpu);

	if (smp_load_acquire(&vcpu->mode) == RD_IN_GUEST && cpu != raw_smp_processor_id())
		smp_call_function_single_async(cpu, &vcpu->csd);
}

/*
 * The interrupt alone makes the guest exit. While one is under way a second kick is refused (-EBUSY), although the vCPU
 * may have moved to another CPU since: so the one that arrives looks where the vCPU is now.
 */
void rd_vcpu_kick_function(void *info)
{
	struct rd_vcpu *vcpu = info;

	if (READ_ONCE(vcpu->kicked))
		rd_send_ipi(vcpu);
}

/* Makes a vCPU look at its requests: out of the guest if it is in, awake if it sleeps. Any context. */
void rd_vcpu_kick(struct rd_vcpu *vcpu)
{
	WRITE_ONCE(vcpu->kicked, 1);
	smp_mb(); /* pairs with rd_enter(): either we see the mode or it sees the kick */
	wake_up(&vcpu->wq);
	preempt_disable();
	rd_send_ipi(vcpu);
	preempt_enable();
}

void rd_vm_kick(struct rd_vm *vm, u32 mask)
{
	struct rd_vcpu *vcpu;
	u32 i;

	for (i = 0; i < RD_MAX_VCPUS; i++) {
		vcpu = smp_load_acquire(&vm->vcpus[i]);
		if (vcpu && mask & BIT(i))
			rd_vcpu_kick(vcpu);
	}
}

/* What has to happen outside of the guest before the next entry: -EINTR for a signal. */
static int rd_host_work(struct rd_vcpu *vcpu)
{
	if (likely(!(read_thread_flags() & XFER_TO_GUEST_MODE_WORK)))
		return 0;
	return rd_work_do(vcpu->work);
}

/*
 * One stay in the guest. Interrupts stay masked across VCPU_RUN: a physical interrupt ends it and is taken here after.
 * EL2 switches the registers, FP and SVE included. Answers RD_E_*, or 1 if something came up and the guest was not entered.
 */
static long rd_enter(struct rd_vcpu *vcpu)
{
	long status = 1;

	preempt_disable();
	local_irq_disable();
	WRITE_ONCE(vcpu->cpu, smp_processor_id());
	smp_store_mb(vcpu->mode, RD_IN_GUEST);
	if (!(read_thread_flags() & XFER_TO_GUEST_MODE_WORK) && !READ_ONCE(vcpu->vm->dead) &&
	    !atomic_read(&vcpu->vm->paused)) {
		WRITE_ONCE(vcpu->kicked, 0);
		smp_mb(); /* requests made before the kick are seen by rd_gic_enter() */
		rd_gic_enter(vcpu);
		status = rd_call2(RD_CALL_VCPU_RUN, vcpu->vm->handle, vcpu->id).status;
		rd_gic_leave(vcpu, !status);
	}
	smp_store_release(&vcpu->mode, RD_OUTSIDE_GUEST);
	local_irq_enable();
	preempt_enable();
	return status;
}

static void rd_request_none(struct rd_vcpu *vcpu)
{
	vcpu->run->request.action = RD_ACTION_NONE;
	vcpu->run->request.mmio_value = 0;
}

/* Until something is for the VMM (0) or fails. */
static int rd_run_loop(struct rd_vcpu *vcpu)
{
	long status;
	int next;

	for (;;) {
		if (READ_ONCE(vcpu->vm->dead))
			return -EIO;
		next = rd_host_work(vcpu);
		if (next) {
			vcpu->kvm_run->exit_reason = KVM_EXIT_INTR;
			return next;
		}
		status = rd_enter(vcpu);
		rd_gic_after(vcpu);
		if (status > 0)
			continue;
		if (status == RD_E_DEAD) {
			/* Another vCPU switched the machine off and tells the VMM; this one rests until it is called. */
			rd_vcpu_wait(vcpu, true);
			continue;
		}
		if (status)
			return rk_errno(status);
		rd_request_none(vcpu);
		next = rd_exit_handle(vcpu);
		if (next <= 0)
			return next;
	}
}

long rd_vcpu_run(struct rd_vcpu *vcpu)
{
	long err;

	if (!vcpu->initialised)
		return -ENOEXEC;
	err = rd_vm_start(vcpu->vm);
	if (err)
		return err;
	rd_mmio_complete(vcpu);
	if (READ_ONCE(vcpu->kvm_run->immediate_exit__unsafe)) {
		vcpu->kvm_run->exit_reason = KVM_EXIT_INTR;
		return -EINTR;
	}
	if (vcpu->sigset_active)
		sigprocmask(SIG_SETMASK, &vcpu->sigset, &current->real_blocked);
	err = rd_run_loop(vcpu);
	if (vcpu->sigset_active) {
		sigprocmask(SIG_SETMASK, &current->real_blocked, NULL);
		sigemptyset(&current->real_blocked);
	}
	return err;
}
