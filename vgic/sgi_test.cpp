// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/sgi.hpp"

#include <gtest/gtest.h>

#include "vgic/private_irqs.hpp"

namespace redoubt::vgic {
namespace {

constexpr auto sgi1r(std::uint64_t intid, std::uint64_t list, std::uint64_t aff123, std::uint64_t rs) -> std::uint64_t {
  using R = arm64::IccSgiR;
  return R::INTID::make(intid) | R::TargetList::make(list) | R::Aff1::make(aff123) | R::Aff2::make(aff123 >> 8U) |
         R::Aff3::make(aff123 >> 16U) | R::RS::make(rs);
}

TEST(Sgi, good_addresses_by_list_cluster_and_range) {
  const auto request = SgiRequest::of_sgi1r(sgi1r(3, 0x8001, 0x010203, 2));
  const Affinity sender{0};
  EXPECT_EQ(request.intid(), Intid{3});
  EXPECT_TRUE(request.matches(Affinity{0x0102'0320}, sender));
  EXPECT_TRUE(request.matches(Affinity{0x0102'032f}, sender));
  EXPECT_FALSE(request.matches(Affinity{0x0102'0321}, sender));
  EXPECT_FALSE(request.matches(Affinity{0x0102'0300}, sender));
  EXPECT_FALSE(request.matches(Affinity{0x0102'0420}, sender));
  EXPECT_FALSE(request.matches(Affinity{0x0002'0320}, sender));
}

TEST(Sgi, good_broadcast_spares_the_sender) {
  const auto request = SgiRequest::of_sgi1r(arm64::IccSgiR::IRM::kMask | sgi1r(15, 0, 0xffffff, 15));
  EXPECT_FALSE(request.matches(Affinity{7}, Affinity{7}));
  EXPECT_TRUE(request.matches(Affinity{8}, Affinity{7}));
}

TEST(Sgi, good_affinity_of_mpidr) { EXPECT_EQ(Affinity::of_mpidr(0x0000'00aa'8011'2233U), Affinity{0xaa11'2233}); }

TEST(Sgi, good_sgi1r_reaches_either_group) {
  for (const std::uint32_t group : {0U, 0xffff'ffffU}) {
    PrivateIrqs irqs;
    irqs.set_group1_bits(group);
    irqs.fold_inbox(SgiRequest::of_sgi1r(sgi1r(9, 1, 0, 0)).inbox_bits());
    EXPECT_EQ(irqs.pending_bits(), 1U << 9U);
  }
}

TEST(Sgi, bad_sgi0r_does_not_reach_group_1) {
  PrivateIrqs irqs;
  const std::uint32_t bits = SgiRequest::of_sgi0r(sgi1r(9, 1, 0, 0)).inbox_bits();
  irqs.fold_inbox(bits);
  EXPECT_EQ(irqs.pending_bits(), 0U);
  irqs.set_group1_bits(~(1U << 9U));
  irqs.fold_inbox(bits);
  EXPECT_EQ(irqs.pending_bits(), 1U << 9U);
}

TEST(Sgi, bad_inbox_never_makes_a_ppi_pending) {
  PrivateIrqs irqs;
  irqs.set_group1_bits(0);
  irqs.fold_inbox(0xffff'ffff);
  EXPECT_EQ(irqs.pending_bits(), 0xffffU);
}

}  // namespace
}  // namespace redoubt::vgic
