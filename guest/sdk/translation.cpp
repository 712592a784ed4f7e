// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/translation.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "base/bits.hpp"

namespace redoubt::guest {

namespace {

constexpr unsigned kEntries = 512;
constexpr unsigned kGigabyteShift = 30;
constexpr unsigned kRootShift = 39;

struct alignas(kPageSize) Table {
  std::uint64_t entry[kEntries];
};

constinit Table root_table{};
constinit Table low_table{};
constinit Table high_table{};

// Stage-1 descriptor fields (Arm ARM D8.3.1).
constexpr std::uint64_t kBlock = 0b01;
constexpr std::uint64_t kTable = 0b11;
constexpr std::uint64_t kAccessFlag = bit(10);
constexpr std::uint64_t kInnerShareable = std::uint64_t{3} << 8;
constexpr std::uint64_t kUserExecuteNever = bit(54);
constexpr std::uint64_t kPrivilegedExecuteNever = bit(53);

auto block_of(std::uint64_t address, MemoryKind kind) noexcept -> std::uint64_t {
  const std::uint64_t common = address | kBlock | kAccessFlag | kUserExecuteNever;
  if (kind == MemoryKind::Device) return common | kPrivilegedExecuteNever;
  return common | kInnerShareable | (static_cast<std::uint64_t>(kind) << 2);
}

auto table_entry(Table& table) noexcept -> std::uint64_t { return reinterpret_cast<std::uintptr_t>(&table) | kTable; }

}  // namespace

void map_gigabyte(Ipa address, MemoryKind kind) noexcept {
  const std::uint64_t root_index = bits_of(address.value(), kRootShift, 9);
  Table& table = root_index == 0 ? low_table : high_table;
  std::uint64_t& root_entry = root_table.entry[root_index];
  if (root_entry == 0) root_entry = table_entry(table);
  std::uint64_t& entry = table.entry[bits_of(address.value(), kGigabyteShift, 9)];
  if (entry == 0) entry = block_of(align_down(address.value(), bit(kGigabyteShift)), kind);
  arm64::dsb_ishst();
  arm64::isb();
}

auto translation_root() noexcept -> std::uint64_t { return reinterpret_cast<std::uintptr_t>(&root_table); }

// Called by start.S with translation off: the devices below 1 GiB, and RAM up to 4 GiB.
extern "C" auto build_translation_tables() noexcept -> std::uint64_t {
  map_gigabyte(Ipa{0}, MemoryKind::Device);
  for (std::uint64_t gigabyte = 1; gigabyte < 4; ++gigabyte) {
    map_gigabyte(Ipa{gigabyte << kGigabyteShift}, MemoryKind::Normal);
  }
  return translation_root();
}

}  // namespace redoubt::guest
