// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/capabilities.hpp"

#include <gtest/gtest.h>

#include "abi/hypercall.h"
#include "abi/kvm.h"

namespace redoubt::kvm {
namespace {

TEST(Capabilities, WhatQemuInsistsOnIsThere) {
  for (const std::uint32_t cap : {3U, 21U, 30U, 32U, 36U, 40U, 89U, 122U}) EXPECT_EQ(capability(cap, 40), 1) << cap;
}

TEST(Capabilities, WhatWouldMakeAVmmFailIsNot) {
  // PMU_V3, SVE, PTRAUTH x 2, MTE, STEAL_TIME, COALESCED_MMIO, SIGNAL_MSI, guest debug, dirty log protection
  for (const std::uint32_t cap : {126U, 170U, 171U, 172U, 205U, 187U, 15U, 77U, 23U, 168U}) {
    EXPECT_EQ(capability(cap, 40), 0) << cap;
  }
  EXPECT_EQ(capability(0xffffffff, 40), 0);
  EXPECT_EQ(capability(0xffbadab1, 40), 0);  // KVM_CAP_ARM_PROTECTED_VM: needs the pkvm personality
}

TEST(Capabilities, Numbers) {
  EXPECT_EQ(capability(66, 40), RD_MAX_VCPUS);
  EXPECT_EQ(capability(165, 36), 36);
}

TEST(VmType, IpaSize) {
  rk_vm_type type{};
  ASSERT_TRUE(parse_vm_type(0, 40, type));
  EXPECT_EQ(type.ipa_bits, 40U);
  EXPECT_EQ(type.vm_flags, 0U);
  ASSERT_TRUE(parse_vm_type(36, 40, type));
  EXPECT_EQ(type.ipa_bits, 36U);
  ASSERT_TRUE(parse_vm_type(32, 40, type));
  EXPECT_EQ(type.ipa_bits, unsigned{RD_MIN_IPA_BITS});
  EXPECT_EQ(parse_vm_type(31, 40, type).error(), Errno::kInval);
  EXPECT_EQ(parse_vm_type(41, 40, type).error(), Errno::kInval);
  EXPECT_EQ(parse_vm_type(0, 36, type).error(), Errno::kInval);  // as KVM: the default of 40 does not fit
}

TEST(VmType, Personalities) {
  rk_vm_type type{};
  ASSERT_TRUE(parse_vm_type(RD_KVM_TYPE_REALM | 36, 40, type));
  EXPECT_EQ(type.vm_flags, RD_VM_PROTECTED | RD_VM_RSI);
  EXPECT_EQ(type.pkvm_asked, 0U);
  EXPECT_EQ(parse_vm_type(RD_KVM_TYPE_PKVM | 36, 40, type).error(), Errno::kInval);
  EXPECT_EQ(type.pkvm_asked, 1U);
  EXPECT_EQ(parse_vm_type(0x200 | 36, 40, type).error(), Errno::kInval);
  EXPECT_EQ(parse_vm_type(std::uint64_t{1} << 32U | 36, 40, type).error(), Errno::kInval);
}

TEST(ErrnoMap, EveryStatusHasAnErrno) {
  EXPECT_EQ(linux_status(0), 0);
#define RD_CHECK_ERROR(name, number, text) EXPECT_LT(linux_status(number), 0) << text;
  RD_ERROR_TABLE(RD_CHECK_ERROR)
#undef RD_CHECK_ERROR
  EXPECT_EQ(linux_status(-9999), -5);
  EXPECT_EQ(linux_status(5), -5);  // a status is never positive
  EXPECT_EQ(linux_status(RD_E_FROZEN), -1);
}

}  // namespace
}  // namespace redoubt::kvm
