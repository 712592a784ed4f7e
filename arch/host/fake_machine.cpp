// SPDX-License-Identifier: Apache-2.0
#include "arch/host/fake_machine.hpp"

namespace redoubt::host {

using Kind = Event::Kind;

auto FakeMachine::load(Pa pa) noexcept -> arm64::Descriptor {
  if (!world_->ram.at(pfn_of(pa)).hyp_mapped) world_->bbm.complain("EL2 reads a page it has not mapped");
  return world_->ram.word(pa);
}

void FakeMachine::store(Pa pa, arm64::Descriptor desc) noexcept {
  if (!world_->ram.at(pfn_of(pa)).hyp_mapped) world_->bbm.complain("EL2 writes a page it has not mapped");
  world_->record(Kind::store, pa.value(), desc);
  std::uint64_t& word = world_->ram.word(pa);
  const arm64::Descriptor old = word;
  word = desc;
  world_->ram.at(pfn_of(pa)).content = FakePage::Content::unknown;
  world_->bbm.stored(pa, old, desc);
}

void FakeMachine::dsb_ishst() noexcept {
  world_->record(Kind::dsb_ishst);
  world_->bbm.dsb(false);
}
void FakeMachine::dsb_ish() noexcept {
  world_->record(Kind::dsb_ish);
  world_->bbm.dsb(true);
}
void FakeMachine::isb() noexcept {
  world_->record(Kind::isb);
  world_->bbm.isb();
}
void FakeMachine::enter(Vmid vmid, Pa root) noexcept {
  world_->record(Kind::enter, vmid.value(), root.value());
  world_->bbm.enter(vmid, root);
}
void FakeMachine::leave() noexcept {
  world_->record(Kind::leave);
  world_->bbm.leave();
}
void FakeMachine::tlbi_ipas2e1is(Ipa ipa, arm64::Level level) noexcept {
  world_->record(Kind::tlbi_ipas2e1is, ipa.value(), arm64::number_of(level));
  world_->bbm.tlbi_ipa(ipa, level);
}
void FakeMachine::tlbi_vmalle1is() noexcept {
  world_->record(Kind::tlbi_vmalle1is);
  world_->bbm.tlbi_stage1();
}
void FakeMachine::tlbi_vmalls12e1is() noexcept {
  world_->record(Kind::tlbi_vmalls12e1is);
  world_->bbm.tlbi_all();
}
void FakeMachine::tlbi_repeat() noexcept {
  world_->record(Kind::tlbi_repeat);
  world_->bbm.tlbi_repeat();
}

void FakeMachine::wipe(Pfn first, std::uint64_t pages) noexcept {
  world_->record(Kind::wipe, first.value(), pages);
  world_->bbm.reused(first, pages, false, "wiped");
  for (std::uint64_t i = 0; i < pages; ++i) {
    world_->ram.at(first + i).words.fill(0);
    world_->ram.at(first + i).content = FakePage::Content::wiped;
    world_->ram.at(first + i).last_vmid = FakePage::kNobody;
  }
}

void FakeMachine::clean(Pfn first, std::uint64_t pages) noexcept {
  world_->record(Kind::clean, first.value(), pages);
  world_->bbm.reused(first, pages, true, "cleaned");
  for (std::uint64_t i = 0; i < pages; ++i) {
    world_->ram.at(first + i).content = FakePage::Content::cleaned;
    world_->bbm.cleaned(first + i);
  }
}

void FakeMachine::sync_icache() noexcept {
  world_->record(Kind::sync_icache);
  world_->bbm.sync_icache();
}

void FakeMachine::sync_devices(Pfn first, std::uint64_t pages) noexcept {
  world_->record(Kind::sync_devices, first.value(), pages);
  world_->bbm.sync_devices(first, pages);
}

auto FakeMachine::map_hyp(Pfn pfn) noexcept -> Result<> {
  if (world_->map_hyp_budget == 0) return Unexpected{Error::NO_MEMORY};
  if (world_->map_hyp_budget > 0) --world_->map_hyp_budget;
  world_->record(Kind::map_hyp, pfn.value());
  world_->ram.at(pfn).hyp_mapped = true;
  return {};
}

void FakeMachine::unmap_hyp(Pfn pfn) noexcept {
  world_->record(Kind::unmap_hyp, pfn.value());
  world_->bbm.unmapped_from_hyp(pfn);
  world_->ram.at(pfn).hyp_mapped = false;
  world_->ram.at(pfn).content = FakePage::Content::unknown;
}

}  // namespace redoubt::host
