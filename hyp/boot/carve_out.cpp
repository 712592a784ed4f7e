// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/carve_out.hpp"

#include "arch/arm64/el2/cache.hpp"
#include "hyp/boot/boot_map.hpp"
#include "hyp/boot/placement.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/linear_map.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::uint64_t kHostTablePages = 96;  // upper levels: a concatenated root (16, aligned) and level-2 tables
constexpr std::uint64_t kEl2TablePages = 48;
constexpr std::uint64_t kSvePages = 3;  // 32 * 256 + 17 * 32 bytes and two words
constexpr std::uint64_t kCpuPages = 1 + 2 + 1;
constexpr std::uint64_t kWindowStride = 2 * kBlockSize;

struct TableRun {
  Pa next, end;
};
constinit TableRun host_tables{};

constexpr auto pages_for(std::uint64_t bytes) noexcept -> std::uint64_t { return (bytes + kPageSize - 1) / kPageSize; }

static_assert(sizeof(PerCpu) <= kPageSize);

}  // namespace

CarveOut::CarveOut(const fdt::PlatformInfo& info, std::span<const fdt::PaRange> in_use,
                   const fdt::PaRange& marker) noexcept
    : info_(info) {
  for (const auto& ram : info.ram.ranges()) {
    pages_ += ram.bytes() >> kPageShift;
    blocks_ += (ram.end.value() + kBlockSize - 1) / kBlockSize - ram.begin.value() / kBlockSize;
  }
  const auto cpu_pages = info.mpidrs.size() * (kCpuPages + (machine().features.sve() ? kSvePages : 0));
  const auto total = blocks_ + pages_for(pages_ * sizeof(core::PageEntry)) + pages_for(blocks_ * 2) + kHostTablePages +
                     kEl2TablePages + kLinearTables + cpu_pages;
  range_ = place_carve_out(info, total * kPageSize, in_use, marker);
  boot_identity(range_.begin, range_.bytes());
  for (Pa at = range_.begin; at < range_.end; at = at + kPageSize) arm64::zero_page(at.value());
  lay_out(info);
}

auto CarveOut::take(std::uint64_t pages) noexcept -> Pa {
  const Pa taken = next_;
  next_ = next_ + pages * kPageSize;
  return taken;
}

void CarveOut::lay_out(const fdt::PlatformInfo&) noexcept {
  next_ = range_.begin;
  const Pa el2_tables = take(kEl2TablePages);
  boot_builder().continue_with(el2_tables, kEl2TablePages);
  boot_map(EL2_LINEAR_VA + range_.begin.value(), range_.begin, range_.bytes(), Use::DATA);
  leaf_tables_ = take(blocks_);
  entries_ = take(pages_for(pages_ * sizeof(core::PageEntry)));
  counts_ = take(pages_for(blocks_ * 2));
  linear_tables_ = take(kLinearTables);
  const Pa tables = take(kHostTablePages);
  host_tables = TableRun{tables, next_};
}

auto carve_out_tables(std::uint64_t pages) noexcept -> Result<Pa> {
  const auto bytes = pages * kPageSize;
  const auto first = align_down(host_tables.next.value() + bytes - 1, bytes);
  if (first + bytes > host_tables.end.value()) return Unexpected{Error::NO_MEMORY};
  host_tables.next = Pa{first + bytes};
  return Pa{first};
}

auto CarveOut::page_entries() const noexcept -> std::span<core::PageEntry> {
  return {at_linear<core::PageEntry>(entries_), pages_};
}

auto CarveOut::block_counts() const noexcept -> std::span<std::uint16_t> {
  return {at_linear<std::uint16_t>(counts_), blocks_};
}

void CarveOut::build_el2_maps() noexcept {
  constexpr std::uint64_t kLevel2Span = kBlockSize * 512;
  for (const auto& ram : info_.ram.ranges()) {
    for (auto at = align_down(ram.begin.value(), kLevel2Span); at < ram.end.value(); at += kLevel2Span) {
      if (!boot_builder().table_for(EL2_LINEAR_VA + at, 2)) panic("EL2's own tables: no room for the linear area");
    }
  }
  // The root is in the image, so its linked address is known; linear_map() walks down from there.
  const auto root_va = EL2_IMAGE_VA + (boot_builder().root().value() - machine().image_pa);
  linear_map_init(root_va, linear_tables_);
}

auto CarveOut::make_cpu(unsigned index, std::uint64_t mpidr) noexcept -> PerCpu& {
  auto& cpu = *at_linear<PerCpu>(take(1));
  const auto stack_base = EL2_STACK_VA + std::uint64_t{index} * EL2_STACK_STRIDE;
  boot_map(stack_base + kPageSize, take(3), 3 * kPageSize, Use::DATA);  // below it stays an unmapped guard page
  cpu.emergency_stack = stack_base + EL2_STACK_STRIDE;
  cpu.window_va = EL2_WINDOW_VA + std::uint64_t{index} * kWindowStride;
  const auto page_table = boot_builder().table_for(cpu.window_va, 3);
  const auto block_table = boot_builder().table_for(cpu.window_va + kBlockSize, 2);
  if (!page_table || !block_table) panic("EL2's own tables: no room for a CPU's windows");
  cpu.page_window = at_linear<std::uint64_t>(*page_table) + stage1::index(cpu.window_va, 3);
  cpu.block_window = at_linear<std::uint64_t>(*block_table) + stage1::index(cpu.window_va + kBlockSize, 2);
  if (machine().features.sve()) cpu.host_sve = at_linear<std::uint64_t>(take(kSvePages));
  cpu.index = index;
  cpu.mpidr = mpidr | bit(31);
  cpu.context = &cpu.host;
  add_cpu(cpu);
  return cpu;
}

}  // namespace redoubt::hyp
