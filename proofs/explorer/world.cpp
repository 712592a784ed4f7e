// SPDX-License-Identifier: Apache-2.0
#include "proofs/explorer/world.hpp"

#include <cstring>
#include <type_traits>

#include "core/stage2/host_builder.hpp"
#include "proofs/oracle/perform.hpp"

namespace redoubt::explorer {

namespace {

constexpr unsigned kBootPages = 3;  // host root, level 2, the block's level-3 table

}  // namespace

World::World() {
  core::PageDb db{std::span{entries_}};
  const bool ram = db.add_region(kFirstPage, kPages).has_value() && db.pin_for_hyp(kFirstPage, kBootPages).has_value();
  core_.machine = TinyMachine{memory_};
  core_.pages = db;
  memory_.hyp_mapped = (1U << kBootPages) - 1;
  Pfn next = kFirstPage + 1;
  auto alloc = [&](std::uint64_t pages) noexcept -> Result<Pa> {
    const Pfn first = next;
    next = next + pages;
    return pa_of(first);
  };
  const core::HostLayout layout{36, pa_of(kFirstPage), std::span{mapped_}, false};
  const auto tables = core::build_host_tables(core_.machine, core_.pages, layout, {}, alloc);
  memory_.wild = !ram || !tables;
  if (tables) core_.host = *tables;
  memory_.journal.clear();
  put_marks(meaning());
  memory_.journal.clear();
}

auto World::run(const Request& request) -> Outcome {
  memory_.map_hyp_budget = request.hyp_budget;
  return oracle::perform(core_, request);
}

void World::mark() {
  memory_.journal.clear();
  saved_.entries = entries_;
  saved_.mapped = mapped_;
  static_assert(std::is_trivially_copyable_v<core::Vm>);
  for (unsigned slot = 0; slot < kSpecVms; ++slot)
    std::memcpy(&saved_.vms[slot], &core_.vms.at(slot), sizeof(core::Vm));
  saved_.counters = core_.counters;
  saved_.hyp_mapped = memory_.hyp_mapped;
}

auto World::changed() const -> bool {
  bool same = memory_.journal.empty() && memory_.hyp_mapped == saved_.hyp_mapped && entries_ == saved_.entries &&
              mapped_ == saved_.mapped && core_.counters == saved_.counters;
  // Byte by byte: this comparison is most of what the explorer does.
  for (unsigned slot = 0; slot < kSpecVms; ++slot) {
    same = same && std::memcmp(&core_.vms.at(slot), &saved_.vms[slot], sizeof(core::Vm)) == 0;
  }
  return !same;
}

void World::rewind() {
  memory_.undo();
  entries_ = saved_.entries;
  mapped_ = saved_.mapped;
  for (unsigned slot = 0; slot < kSpecVms; ++slot)
    std::memcpy(&core_.vms.at(slot), &saved_.vms[slot], sizeof(core::Vm));
  core_.counters = saved_.counters;
  memory_.hyp_mapped = saved_.hyp_mapped;
}

}  // namespace redoubt::explorer
