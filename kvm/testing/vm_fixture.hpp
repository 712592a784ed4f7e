// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Test fixture: a VM object on the C++ heap, with RAM, an optional GIC, and exits to throw at it.
#pragma once

#include <memory>

#include <gtest/gtest.h>

#include "kvm/exits.hpp"
#include "kvm/vm.hpp"

namespace redoubt::kvm {

inline constexpr std::uint64_t kRam = 0x4000'0000;
inline constexpr std::uint64_t kRamBytes = 0x40'0000;
inline constexpr std::uint64_t kGicd = 0x0800'0000;
inline constexpr std::uint64_t kGicr = 0x080a'0000;
inline constexpr std::uint64_t kUart = 0x0900'0000;
inline constexpr std::uint64_t kRom = 0x1000'0000;

class VmTest : public ::testing::Test {
 protected:
  explicit VmTest(std::uint32_t flags = 0) : vm_(std::make_unique<rk_vm>(36U, flags)) {
    add_slot(0, kRam, kRamBytes, 0);
    add_slot(1, kRom, 0x1000, kMemslotReadonly);
  }

  void add_slot(std::uint32_t id, std::uint64_t ipa, std::uint64_t bytes, std::uint32_t flags) {
    const rk_slot_request request{.ipa = ipa, .bytes = bytes, .hva = 0x10'0000'0000 + ipa, .id = id, .flags = flags};
    rk_slot_change change{};
    ASSERT_EQ(rk_slot_prepare(vm_.get(), &request, &change), 0);
    rk_slot_commit(vm_.get(), &change);
  }

  void add_gic(std::uint32_t vcpus = 2) {
    ASSERT_EQ(rk_gic_create(vm_.get()), 0);
    ASSERT_EQ(rk_gic_set(vm_.get(), 0, 2, kGicd, vcpus), 0);
    ASSERT_EQ(rk_gic_set(vm_.get(), 0, 3, kGicr, vcpus), 0);
    ASSERT_EQ(rk_gic_set(vm_.get(), 3, 0, 96, vcpus), 0);
    ASSERT_EQ(rk_gic_set(vm_.get(), 4, 0, 0, vcpus), 0);
  }

  [[nodiscard]] auto mmio(std::uint64_t ipa, bool write, std::uint32_t shared = 0) const -> rk_action {
    rd_run_exit exit{};
    exit.reason = RD_EXIT_MMIO;
    exit.ipa = ipa;
    exit.mmio_bytes = 4;
    exit.mmio_write = write ? 1 : 0;
    exit.mmio_value = 0x12345678;
    exit.shared = shared;
    return decode_exit(*vm_, exit);
  }

  [[nodiscard]] auto memory(std::uint64_t ipa, std::uint64_t prot, std::uint32_t shared = 0) const -> rk_action {
    rd_run_exit exit{};
    exit.reason = RD_EXIT_MEMORY;
    exit.ipa = ipa;
    exit.args[0] = prot;
    exit.shared = shared;
    return decode_exit(*vm_, exit);
  }

  std::unique_ptr<rk_vm> vm_;
};

}  // namespace redoubt::kvm
