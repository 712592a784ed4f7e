// SPDX-License-Identifier: Apache-2.0
#include "proofs/explorer/world.hpp"

#include <cstring>
#include <type_traits>

#include "core/ownership/claim.hpp"
#include "core/ownership/donate.hpp"
#include "core/ownership/host_fault.hpp"
#include "core/ownership/query.hpp"
#include "core/ownership/reclaim.hpp"
#include "core/ownership/release.hpp"
#include "core/ownership/share.hpp"
#include "core/stage2/host_builder.hpp"
#include "core/vm/lifecycle.hpp"
#include "core/vm/vcpu.hpp"

namespace redoubt::explorer {

using core::VcpuIndex;
using core::VmHandle;

namespace {

constexpr unsigned kBootPages = 3;  // host root, level 2, the block's level-3 table

template <class T>
auto outcome(const Result<T>& result, auto&& values) -> Outcome {
  if (!result) return {status_of(result.error())};
  return values(*result);
}
auto outcome(const Result<>& result) -> Outcome { return {result ? 0 : status_of(result.error())}; }
auto outcome(const Result<std::uint64_t>& result) -> Outcome {
  return outcome(result, [](std::uint64_t value) { return Outcome{0, value}; });
}

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

auto World::run(const Request& r) -> Outcome {
  memory_.map_hyp_budget = r.hyp_budget;
  switch (r.call) {
    case Call::donate:
    case Call::donate_image:
    case Call::share:
    case Call::unshare:
    case Call::set_ram:
    case Call::release:
    case Call::claim:
    case Call::ripas:
    case Call::page: return guest_call(r);
    default: return life_call(r);
  }
}

auto World::guest_call(const Request& r) -> Outcome {
  const VmHandle vm{r.x[0]};
  const Gfn gfn{r.x[1]};
  const auto progress = [](const core::GuestProgress& p) { return Outcome{0, p.reached.value(), p.tables_needed}; };
  switch (r.call) {
    case Call::donate: return outcome(core::mem_donate(core_, vm, gfn, Pfn{r.x[2]}, r.x[3]));
    case Call::donate_image: return outcome(core::mem_donate_image(core_, vm, gfn, Pfn{r.x[2]}, [](Pfn) noexcept {}));
    case Call::share: return outcome(core::mem_share(core_, vm, gfn, Pfn{r.x[2]}, r.x[3], r.x[4]));
    case Call::unshare: return outcome(core::mem_unshare(core_, vm, gfn, r.x[2]));
    case Call::set_ram: return outcome(core::vm_set_ram(core_, vm, gfn, r.x[2]));
    case Call::release: return outcome(core::guest_release(core_, vm, gfn, Gfn{r.x[2]}), progress);
    case Call::claim: return outcome(core::guest_claim(core_, vm, gfn, Gfn{r.x[2]}, r.x[3] != 0), progress);
    case Call::ripas:
      return outcome(core::guest_ripas(core_, vm, gfn, Gfn{r.x[2]}), [](const core::RipasRun& run) {
        return Outcome{0, run.end.value(), static_cast<std::uint64_t>(run.ripas)};
      });
    default:
      return outcome(core::guest_page(core_, vm, gfn), [](const core::GuestPage& page) {
        const bool ram = page.ripas == core::Ripas::ram;
        const std::uint64_t flags = (ram ? 1U : 0U) | (page.mapped ? 2U : 0U) | (page.owned ? 4U : 0U);
        return Outcome{0, flags, page.mapped ? page.pfn.value() << 3 | page.prot.bits() : 0};
      });
  }
}

auto World::life_call(const Request& r) -> Outcome {
  const VmHandle vm{r.x[0]};
  switch (r.call) {
    case Call::create: {
      const core::VmParams params{r.x[0], r.x[1], Pfn{r.x[2]}, Pfn{r.x[3]}, r.x[4]};
      return outcome(core::vm_create(core_, params), [](VmHandle handle) { return Outcome{0, handle.value()}; });
    }
    case Call::topup: return outcome(core::vm_topup(core_, vm, Pfn{r.x[1]}));
    case Call::finalise: return outcome(core::vm_finalise(core_, vm));
    case Call::stop: return outcome(core::vm_stop(core_, vm));
    case Call::teardown: return outcome(core::vm_teardown(core_, vm));
    case Call::destroy: return outcome(core::vm_destroy(core_, vm));
    case Call::vcpu_create: return outcome(core::vcpu_create(core_, vm, VcpuIndex{r.x[1]}, Pfn{r.x[2]}, Pfn{r.x[3]}));
    case Call::vcpu_load:
      return outcome(core::vcpu_load(core_, vm, VcpuIndex{r.x[1]}),
                     [](const core::LoadedVcpu& vcpu) { return Outcome{0, vcpu.state.value(), vcpu.run.value()}; });
    case Call::vcpu_put: return outcome(core::vcpu_put(core_, vm, VcpuIndex{r.x[1]}));
    case Call::reclaim: return outcome(core::page_reclaim(core_, Pfn{r.x[0]}, r.x[1]));
    default: return {0, static_cast<std::uint64_t>(core::host_fault(core_, Pfn{r.x[0]}))};
  }
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
