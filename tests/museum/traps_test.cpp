// SPDX-License-Identifier: Apache-2.0
// Traps of features that no emulator here has (docs/bug-museum.md, 7, 36, 37): bits as in Arm ARM D19.2, written down a
// second time.
#include <gtest/gtest.h>

#include "hyp/cpu/features.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::uint64_t kE2pb = std::uint64_t{3} << 12;  // MDCR_EL2: 0 = the buffer is EL2's, EL1 traps
constexpr std::uint64_t kE2tb = std::uint64_t{3} << 24;
constexpr std::uint64_t kTpms = std::uint64_t{1} << 14;
constexpr std::uint64_t kTtrf = std::uint64_t{1} << 19;
constexpr std::uint64_t kAta = std::uint64_t{1} << 56;   // HCR_EL2
constexpr std::uint64_t kTid5 = std::uint64_t{1} << 58;  // HCR_EL2

auto everything() -> Features {
  Features cpu{};
  for (const auto word : {&Features::pfr0, &Features::pfr1, &Features::pfr2, &Features::isar1, &Features::isar2,
                          &Features::mmfr0, &Features::mmfr1, &Features::mmfr2, &Features::mmfr3, &Features::smfr0}) {
    cpu.*word = 0x2222'2222'2222'2222;
  }
  cpu.dfr0 = 0x1111'1111'1111'1911;
  return cpu;
}

TEST(Museum, bug_36_a_guest_reaches_no_trace_and_no_profiling_buffer) {
  for (const bool usable : {false, true}) {
    Features cpu = everything();
    cpu.spe_usable = cpu.trbe_usable = usable;
    const TrapConfig guest = guest_traps(cpu, 6);
    EXPECT_EQ(guest.mdcr & (kE2pb | kE2tb), 0U) << "a buffer would be the guest's, with host addresses in it";
    EXPECT_EQ(guest.mdcr & (kTpms | kTtrf), kTpms | kTtrf);
  }
}

TEST(Museum, bug_36_the_host_gets_the_buffers_that_exist_and_no_others) {
  Features cpu = everything();
  EXPECT_EQ(host_traps(cpu, 6).mdcr & (kE2pb | kE2tb), 0U) << "a higher exception level owns them";
  cpu.spe_usable = true;
  EXPECT_EQ(host_traps(cpu, 6).mdcr & (kE2pb | kE2tb), kE2pb);
  cpu.trbe_usable = true;
  EXPECT_EQ(host_traps(cpu, 6).mdcr & (kE2pb | kE2tb), kE2pb | kE2tb);
  EXPECT_EQ(host_traps(cpu, 6).mdcr & 0x1f, 6U) << "all counters are lent";
}

TEST(Museum, bug_37_fine_grained_traps_of_a_guest_trap_what_is_new) {
  const TrapConfig guest = guest_traps(everything(), 6);
  EXPECT_EQ(guest.hcrx | guest.hfgrtr | guest.hfgwtr | guest.hfgitr | guest.hdfgtr2, 0U);
}

TEST(Museum, bug_37_the_host_is_lent_only_what_its_cpu_has) {
  const TrapConfig plain = host_traps(Features{}, 0);
  EXPECT_EQ(plain.hcrx | plain.hfgrtr | plain.hfgwtr | plain.hfgitr | plain.hdfgtr2 | plain.mpam2, 0U);
  Features gcs{};
  gcs.pfr1 = std::uint64_t{1} << 44;
  EXPECT_EQ(host_traps(gcs, 0).hfgrtr, std::uint64_t{3} << 52);
  EXPECT_EQ(host_traps(gcs, 0).hcrx, std::uint64_t{1} << 22);
}

TEST(Museum, bug_7_tags_are_the_hosts_if_it_has_them_and_never_a_guests) {
  Features cpu{};
  EXPECT_EQ(host_traps(cpu, 0).hcr & kAta, 0U);
  cpu.pfr1 = std::uint64_t{1} << 8;  // instructions only: no tags in memory
  EXPECT_EQ(host_traps(cpu, 0).hcr & kAta, 0U);
  cpu.pfr1 = std::uint64_t{2} << 8;
  EXPECT_EQ(host_traps(cpu, 0).hcr & kAta, kAta);
  EXPECT_EQ(guest_traps(cpu, 0).hcr & (kAta | kTid5), kTid5);
}

}  // namespace
}  // namespace redoubt::hyp
