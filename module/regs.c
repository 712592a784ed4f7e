// SPDX-License-Identifier: GPL-2.0-only
/* Registers of a vCPU as the VMM sees them. Called with the vCPU's mutex. */
#include "redoubt.h"

#include <linux/uaccess.h>

#include "abi/reg.h"

struct rd_reg_value {
	u64 low, high;
};

static int rd_reg_get(struct rd_vcpu *vcpu, const struct rk_reg *reg, struct rd_reg_value *value)
{
	struct rd_answer answer;

	*value = (struct rd_reg_value){ .low = reg->constant };
	if (reg->kind == RK_REG_CONSTANT)
		return 0;
	answer = rd_call3(RD_CALL_VCPU_REG_GET, vcpu->vm->handle, vcpu->id, reg->rd_reg);
	value->low = answer.x1;
	value->high = reg->bytes == 16 ? answer.x2 : 0;
	return rk_errno(answer.status);
}

static int rd_reg_set(struct rd_vcpu *vcpu, const struct rk_reg *reg, const struct rd_reg_value *value)
{
	struct rd_reg_value present;
	int err;

	if (!reg->read_only)
		return rk_errno(rd_call(RD_CALL_VCPU_REG_SET, vcpu->vm->handle, vcpu->id, reg->rd_reg, value->low,
					value->high).status);
	err = rd_reg_get(vcpu, reg, &present);
	if (err)
		return err;
	return present.low == value->low ? 0 : -EINVAL;
}

long rd_vcpu_one_reg(struct rd_vcpu *vcpu, void __user *argp, bool set)
{
	struct rd_reg_value value = {};
	struct kvm_one_reg one;
	struct rk_reg reg;
	void __user *data;
	int err;

	if (!vcpu->initialised)
		return -ENOEXEC;
	if (copy_from_user(&one, argp, sizeof(one)))
		return -EFAULT;
	data = u64_to_user_ptr(one.addr);
	err = rk_reg_lookup(one.id, &reg);
	if (err)
		return err;
	if (set) {
		if (copy_from_user(&value, data, reg.bytes))
			return -EFAULT;
		return rd_reg_set(vcpu, &reg, &value);
	}
	err = rd_reg_get(vcpu, &reg, &value);
	if (err)
		return err;
	return copy_to_user(data, &value, reg.bytes) ? -EFAULT : 0;
}

/* Registers EL2 does not have on this machine are left out: QEMU gives up on a listed register that it cannot read. */
static u64 rd_reg_list_fill(struct rd_vcpu *vcpu, u64 __user *ids, u64 room)
{
	struct rd_reg_value value;
	struct rk_reg reg;
	u64 count = 0;
	u32 i;

	for (i = 0; i < rk_reg_count(); i++) {
		if (rk_reg_lookup(rk_reg_id(i), &reg) || rd_reg_get(vcpu, &reg, &value))
			continue;
		if (count < room && put_user(rk_reg_id(i), ids + count))
			return U64_MAX;
		count++;
	}
	return count;
}

long rd_vcpu_reg_list(struct rd_vcpu *vcpu, void __user *argp)
{
	struct kvm_reg_list __user *user = argp;
	u64 room, count;

	if (!vcpu->initialised)
		return -ENOEXEC;
	if (get_user(room, &user->n))
		return -EFAULT;
	count = rd_reg_list_fill(vcpu, user->reg, room);
	if (count == U64_MAX || put_user(count, &user->n))
		return -EFAULT;
	return count > room ? -E2BIG : 0;
}

long rd_vcpu_init_ioctl(struct rd_vcpu *vcpu, void __user *argp)
{
	const u32 known = BIT(KVM_ARM_VCPU_POWER_OFF) | BIT(KVM_ARM_VCPU_PSCI_0_2);
	struct kvm_vcpu_init init;
	u32 flags;
	int i, err;

	if (copy_from_user(&init, argp, sizeof(init)))
		return -EFAULT;
	if (init.target != KVM_ARM_TARGET_GENERIC_V8)
		return -EINVAL;
	if (init.features[0] & ~known)
		return -ENOENT;
	for (i = 1; i < ARRAY_SIZE(init.features); i++)
		if (init.features[i])
			return -ENOENT;
	flags = init.features[0] & BIT(KVM_ARM_VCPU_POWER_OFF) ? RD_VCPU_POWERED_OFF : 0;
	err = rk_errno(rd_call3(RD_CALL_VCPU_INIT, vcpu->vm->handle, vcpu->id, flags).status);
	if (!err)
		vcpu->initialised = true;
	return err;
}

long rd_vcpu_mp_state(struct rd_vcpu *vcpu, void __user *argp, bool set)
{
	const struct rk_reg power = { .kind = RK_REG_EL2, .bytes = 8, .rd_reg = RD_REG_POWER };
	struct rd_reg_value value;
	struct kvm_mp_state state;
	int err;

	if (!vcpu->initialised)
		return -ENOEXEC;
	if (set) {
		if (copy_from_user(&state, argp, sizeof(state)))
			return -EFAULT;
		if (state.mp_state != KVM_MP_STATE_RUNNABLE && state.mp_state != KVM_MP_STATE_STOPPED)
			return -EINVAL;
		value = (struct rd_reg_value){ .low = state.mp_state == KVM_MP_STATE_STOPPED };
		return rd_reg_set(vcpu, &power, &value);
	}
	err = rd_reg_get(vcpu, &power, &value);
	if (err)
		return err;
	state.mp_state = value.low ? KVM_MP_STATE_STOPPED : KVM_MP_STATE_RUNNABLE;
	return copy_to_user(argp, &state, sizeof(state)) ? -EFAULT : 0;
}
