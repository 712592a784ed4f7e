// SPDX-License-Identifier: Apache-2.0
// Constants of EL2 that other hypervisors had wrong (docs/bug-museum.md, 42, 43, 46 and the last five).
#include "hyp/mm/layout.h"

#include <gtest/gtest.h>

#include "arch/arm64_defs/esr.hpp"
#include "hyp/cpu/exception_entry.hpp"
#include "hyp/fdt/platform.hpp"

namespace redoubt::hyp {
namespace {

TEST(Museum, bug_42_exceptions_at_el2_synchronise_the_context) {
  constexpr std::uint64_t kEis = std::uint64_t{1} << 22, kEos = std::uint64_t{1} << 11;  // SCTLR_EL2, FEAT_ExS
  EXPECT_EQ(EL2_SCTLR_ON & (kEis | kEos), kEis | kEos);
  EXPECT_EQ(EL2_SCTLR_OFF & (kEis | kEos), kEis | kEos);
}

TEST(Museum, bug_43_an_injected_syndrome_says_that_the_instruction_has_32_bits) {
  using arm64::ExceptionClass;
  for (const auto what : {ExceptionClass::UNKNOWN, ExceptionClass::DATA_ABORT_SAME, ExceptionClass::DATA_ABORT_LOWER,
                          ExceptionClass::INSTRUCTION_ABORT_SAME, ExceptionClass::INSTRUCTION_ABORT_LOWER}) {
    EXPECT_NE(arm64::make_syndrome(what, 0) & (std::uint64_t{1} << 25), 0U);
  }
}

TEST(Museum, bug_40_el1_is_entered_with_pan_as_its_control_says) {
  constexpr std::uint64_t kSpan = std::uint64_t{1} << 23, kPan = std::uint64_t{1} << 22;
  EXPECT_NE(synchronous_entry(0, 0, 0, true, false, false).pstate & kPan, 0U);
  EXPECT_EQ(synchronous_entry(0, 0, kSpan, true, false, false).pstate & kPan, 0U);
  EXPECT_NE(synchronous_entry(0, kPan, kSpan, true, false, false).pstate & kPan, 0U) << "what was set stays";
  EXPECT_EQ(synchronous_entry(0, 0, 0, false, false, false).pstate & kPan, 0U) << "a bit that this CPU does not have";
}

// The linear map of pKVM ran into its I/O area on machines with much memory.
TEST(Museum, ghost_5_no_area_of_el2_runs_into_the_next) {
  constexpr std::uint64_t kTop = std::uint64_t{1} << 48;
  EXPECT_LE(EL2_LINEAR_VA + fdt::kRamEnd, EL2_IMAGE_VA);
  EXPECT_LT(EL2_IMAGE_VA + (std::uint64_t{1} << 30), EL2_WINDOW_VA);
  EXPECT_LT(EL2_WINDOW_VA + (std::uint64_t{1} << 30), EL2_STACK_VA);
  EXPECT_LT(EL2_STACK_VA + EL2_MAX_CPUS * EL2_STACK_STRIDE, EL2_DEVICE_VA);
  EXPECT_LE(EL2_DEVICE_VA + fdt::kDeviceEnd, kTop);
  EXPECT_LE(fdt::kRamEnd, EL2_LINEAR_VA) << "the identity map of the boot is below all of them";
}

}  // namespace
}  // namespace redoubt::hyp
