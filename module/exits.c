// SPDX-License-Identifier: GPL-2.0-only
/* Carries out what room kvm/ decided about an exit. */
#include "redoubt.h"

#include <linux/hrtimer.h>
#include <linux/sched/signal.h>

#include <asm/sysreg.h>

#include "abi/kvm.h"
#include "gic.h"

/* The guest's counter is the host's: CNTVOFF is 0 for both. */
static u64 rd_counter(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

/* Time until the guest's timer fires; false: never. Capped, so that nanoseconds do not overflow: the guest then looks again. */
static bool rd_timer_left(const struct rd_run_exit *exit, ktime_t *left)
{
	const u64 cap = NSEC_PER_SEC;
	u64 now = rd_counter(), rate = read_sysreg(cntfrq_el0), ticks;

	if (!(exit->timer_flags & RD_TIMER_ARMED))
		return false;
	if (exit->timer_flags & RD_TIMER_PENDING || exit->timer_deadline <= now) {
		*left = 0;
		return true;
	}
	ticks = min(exit->timer_deadline - now, rate);
	*left = ns_to_ktime(ticks * cap / rate + 1);
	return true;
}

static bool rd_vcpu_awake(struct rd_vcpu *vcpu, bool off)
{
	return READ_ONCE(vcpu->kicked) || READ_ONCE(vcpu->vm->dead) || (!off && rd_gic_pending(vcpu));
}

/* Sleeps until an interrupt for the guest, a kick, or a signal. `off`: powered off, only a kick wakes it. Answers 1. */
int rd_vcpu_wait(struct rd_vcpu *vcpu, bool off)
{
	ktime_t left;
	bool timed;
	DEFINE_WAIT(wait);

	prepare_to_wait(&vcpu->wq, &wait, TASK_INTERRUPTIBLE);
	if (!rd_vcpu_awake(vcpu, off) && !signal_pending(current)) {
		timed = !off && rd_timer_left(&vcpu->run->exit, &left);
		if (!timed)
			schedule();
		else if (left)
			schedule_hrtimeout_range(&left, 0, HRTIMER_MODE_REL);
	}
	finish_wait(&vcpu->wq, &wait);
	return 1;
}

static int rd_exit_mmio(struct rd_vcpu *vcpu, const struct rk_action *action)
{
	struct kvm_run *run = vcpu->kvm_run;

	if (!action->bytes || action->bytes > sizeof(run->mmio.data))
		return -EIO;
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = action->ipa;
	run->mmio.len = action->bytes;
	run->mmio.is_write = action->write;
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (action->write)
		memcpy(run->mmio.data, &action->value, action->bytes);
	vcpu->mmio = *action;
	vcpu->mmio_pending = true;
	return 0;
}

/* Before the next entry. Size and direction are ours; only the data is the VMM's. */
void rd_mmio_complete(struct rd_vcpu *vcpu)
{
	u64 value = 0;

	if (!vcpu->mmio_pending)
		return;
	vcpu->mmio_pending = false;
	if (!vcpu->mmio.write)
		memcpy(&value, vcpu->kvm_run->mmio.data, vcpu->mmio.bytes);
	vcpu->run->request.action = RD_ACTION_MMIO_DONE;
	vcpu->run->request.mmio_value = value;
}

static int rd_exit_system(struct rd_vcpu *vcpu, u32 type, u64 flags)
{
	struct kvm_run *run = vcpu->kvm_run;

	memset(&run->system_event, 0, sizeof(run->system_event));
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.type = type;
	run->system_event.ndata = 1;
	run->system_event.data[0] = flags;
	return 0;
}

static const char *rd_fault_text(u64 fault)
{
	switch (fault) {
	case RD_FAULT_NOT_REALM:
		return "the guest is not a realm kernel (Linux 6.13 or later, PSCI conduit smc)";
	case RD_FAULT_STATE:
		return "illegal execution state";
	case RD_FAULT_SERROR:
		return "a physical system error interrupted it";
	default:
		return "an exception the hypervisor does not expect";
	}
}

static int rd_exit_crash(struct rd_vcpu *vcpu, const struct rk_action *action)
{
	struct kvm_run *run = vcpu->kvm_run;

	pr_info_ratelimited("VM %u, vCPU %u cannot go on: %s\n", vcpu->vm->handle, vcpu->id, rd_fault_text(action->value));
	rd_exit_system(vcpu, KVM_SYSTEM_EVENT_CRASH, action->value);
	run->system_event.ndata = RD_KVM_CRASH_NDATA;
	run->system_event.data[1] = action->ipa;
	return 0;
}

static int rd_exit_back(struct rd_vcpu *vcpu, const struct rk_action *action)
{
	int err = rd_mem_back(vcpu->vm, action->ipa, action->shared);

	if (err == -EPERM && vcpu->vm->protected) {
		/* The page is in the guest's other half, and the guest knows. */
		vcpu->run->request.action = RD_ACTION_INJECT_SEA;
		err = 0;
	}
	return err ? err : 1;
}

static int rd_exit_topup(struct rd_vcpu *vcpu, u32 pages)
{
	int err;

	mutex_lock(&vcpu->vm->mem_lock);
	err = READ_ONCE(vcpu->vm->dead) ? -EIO : rd_mem_topup(vcpu->vm, max(pages, 1u));
	mutex_unlock(&vcpu->vm->mem_lock);
	return err ? err : 1;
}

static int rd_exit_again(struct rd_vcpu *vcpu, const struct rk_action *action)
{
	vcpu->run->request.action = action->next_action;
	vcpu->run->request.mmio_value = action->value;
	return 1;
}

static int rd_exit_apply(struct rd_vcpu *vcpu, const struct rk_action *action)
{
	switch (action->verdict) {
	case RK_RUN_AGAIN:
		return rd_exit_again(vcpu, action);
	case RK_BACK_PAGE:
		return rd_exit_back(vcpu, action);
	case RK_TOP_UP:
		return rd_exit_topup(vcpu, action->count);
	case RK_WAIT:
	case RK_WAIT_OFF:
		return rd_vcpu_wait(vcpu, action->verdict == RK_WAIT_OFF);
	case RK_RIPAS:
		rd_mem_ripas(vcpu->vm, action->ipa, action->end_ipa, action->value == RD_RIPAS_RAM);
		return 1;
	case RK_DISTRIBUTOR:
		return rd_gic_mmio(vcpu, action);
	case RK_IOEVENT:
		return rd_ioevent_signal(vcpu, action->count);
	case RK_USER_MMIO:
		return rd_exit_mmio(vcpu, action);
	case RK_USER_SYSTEM:
		return rd_exit_system(vcpu, action->value, action->end_ipa);
	case RK_USER_CRASH:
		return rd_exit_crash(vcpu, action);
	default:
		pr_info_ratelimited("VM %u: access to %#llx by an instruction that cannot be emulated\n", vcpu->vm->handle,
				    action->ipa);
		return -ENOSYS;
	}
}

int rd_exit_handle(struct rd_vcpu *vcpu)
{
	struct rk_action action;

	if (vcpu->run->exit.kick_mask)
		rd_vm_kick(vcpu->vm, vcpu->run->exit.kick_mask & ~BIT(vcpu->id));
	if (vcpu->run->exit.reason == RD_EXIT_IRQ || vcpu->run->exit.reason == RD_EXIT_KICK)
		return 1;
	down_read(&vcpu->vm->slots_lock);
	rk_exit_decode(vcpu->vm->logic, &vcpu->run->exit, &action);
	up_read(&vcpu->vm->slots_lock);
	return rd_exit_apply(vcpu, &action);
}
