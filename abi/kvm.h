/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Numbers of the KVM API that Linux's own headers do not carry yet, and that redoubt.ko and VMMs must agree on. */
#ifndef REDOUBT_ABI_KVM_H
#define REDOUBT_ABI_KVM_H

/*
 * Type of KVM_CREATE_VM: IPA bits in [7:0], 0 means 40.
 *
 * [11:8] = 1: a realm, as KVM_VM_TYPE_ARM_REALM in the series "arm64: Support for Arm CCA in KVM" (versions 1 to 12;
 * Documentation/virt/kvm/api.rst there). It selects a protected VM with the rsi personality. The series' capability
 * number changes with every version, so none is answered: a VMM finds out by creating such a VM (-EINVAL: no).
 */
#define RD_KVM_TYPE_IPA_MASK 0xffu
#define RD_KVM_TYPE_REALM (1u << 8)
/* KVM_VM_TYPE_ARM_PROTECTED of Linux 7.2's include/uapi/linux/kvm.h: the pkvm personality. */
#define RD_KVM_TYPE_PKVM (1u << 31)

/*
 * SYSTEM_EVENT KVM_SYSTEM_EVENT_CRASH when a vCPU cannot go on: ndata = 2, data[0] = enum rd_guest_fault,
 * data[1] = the guest address it concerns, or 0.
 */
#define RD_KVM_CRASH_NDATA 2

#endif
