// SPDX-License-Identifier: GPL-2.0-only
/* Room kvm/ has no kernel headers: the numbers it repeats are compared with the real ones here, at compile time. */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kvm.h>

#include "abi/kvm.h"

static_assert(KVM_CAP_IRQCHIP == 0 && KVM_CAP_USER_MEMORY == 3 && KVM_CAP_NR_VCPUS == 9 && KVM_CAP_NR_MEMSLOTS == 10);
static_assert(KVM_CAP_MP_STATE == 14 && KVM_CAP_DESTROY_MEMORY_REGION_WORKS == 21 && KVM_CAP_IRQ_ROUTING == 25);
static_assert(KVM_CAP_JOIN_MEMORY_REGIONS_WORKS == 30 && KVM_CAP_IRQFD == 32 && KVM_CAP_IOEVENTFD == 36);
static_assert(KVM_CAP_INTERNAL_ERROR_DATA == 40 && KVM_CAP_MAX_VCPUS == 66 && KVM_CAP_ONE_REG == 70);
static_assert(KVM_CAP_READONLY_MEM == 81 && KVM_CAP_IRQFD_RESAMPLE == 82 && KVM_CAP_ARM_PSCI == 87);
static_assert(KVM_CAP_DEVICE_CTRL == 89 && KVM_CAP_IOEVENTFD_NO_LENGTH == 100 && KVM_CAP_ARM_PSCI_0_2 == 102);
static_assert(KVM_CAP_CHECK_EXTENSION_VM == 105 && KVM_CAP_IOEVENTFD_ANY_LENGTH == 122 && KVM_CAP_MAX_VCPU_ID == 128);
static_assert(KVM_CAP_IMMEDIATE_EXIT == 136 && KVM_CAP_ARM_VM_IPA_SIZE == 165 && KVM_CAP_ARM_IRQ_LINE_LAYOUT_2 == 174);
static_assert(KVM_CAP_SYSTEM_EVENT_DATA == 215);

static_assert(KVM_MEM_LOG_DIRTY_PAGES == 1 && KVM_MEM_READONLY == 2);
static_assert(KVM_IRQ_ROUTING_IRQCHIP == 1);
static_assert(KVM_SYSTEM_EVENT_SHUTDOWN == 1 && KVM_SYSTEM_EVENT_RESET == 2 && KVM_SYSTEM_EVENT_SUSPEND == 5);
static_assert(KVM_DEV_ARM_VGIC_GRP_ADDR == 0 && KVM_DEV_ARM_VGIC_GRP_NR_IRQS == 3 && KVM_DEV_ARM_VGIC_GRP_CTRL == 4);
static_assert(KVM_VGIC_V3_ADDR_TYPE_DIST == 2 && KVM_VGIC_V3_ADDR_TYPE_REDIST == 3);
static_assert(KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION == 5 && KVM_DEV_ARM_VGIC_CTRL_INIT == 0);
static_assert(KVM_VM_TYPE_ARM_IPA_SIZE_MASK == RD_KVM_TYPE_IPA_MASK);

static_assert(KVM_REG_ARM64 >> 48 == 0x6000 && KVM_REG_ARM_CORE >> 16 == 0x10 && KVM_REG_ARM64_SYSREG >> 16 == 0x13);
static_assert(KVM_REG_ARM_FW >> 16 == 0x14 && KVM_REG_ARM_FW_FEAT_BMAP >> 16 == 0x16);
static_assert(KVM_REG_ARM_CORE_REG(regs.sp) == 62 && KVM_REG_ARM_CORE_REG(regs.pc) == 64);
static_assert(KVM_REG_ARM_CORE_REG(regs.pstate) == 66 && KVM_REG_ARM_CORE_REG(sp_el1) == 68);
static_assert(KVM_REG_ARM_CORE_REG(elr_el1) == 70 && KVM_REG_ARM_CORE_REG(spsr[0]) == 72);
static_assert(KVM_REG_ARM_CORE_REG(fp_regs.vregs[0]) == 84 && KVM_REG_ARM_CORE_REG(fp_regs.fpsr) == 212);
static_assert(KVM_REG_ARM_CORE_REG(fp_regs.fpcr) == 213);
static_assert((KVM_REG_ARM_TIMER_CVAL & 0xffff) == 0xdf02 && (KVM_REG_ARM_TIMER_CNT & 0xffff) == 0xdf1a);

static_assert(EPERM == 1 && ENOENT == 2 && EIO == 5 && ENXIO == 6 && E2BIG == 7 && ENOEXEC == 8 && EAGAIN == 11);
static_assert(ENOMEM == 12 && EFAULT == 14 && EBUSY == 16 && EEXIST == 17 && ENODEV == 19 && EINVAL == 22);
static_assert(ENOSPC == 28 && ENOSYS == 38);
