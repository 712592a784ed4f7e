// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The C face of the room: GIC device, interrupts, ioeventfds.
#include <array>
#include <span>

#include "kvm/errno.hpp"
#include "kvm/shim.h"
#include "kvm/vm.hpp"

using namespace redoubt;
using namespace redoubt::kvm;

namespace {

static_assert(RD_RUN_MAX_SPIS == vgic::kMaxSpiRequests);
static_assert(RD_SPI_PENDING == vgic::kSpiPending && RD_SPI_ACTIVE == vgic::kSpiActive);
static_assert(RD_SPI_LEVEL == vgic::kSpiLevel && RD_SPI_GROUP1 == vgic::kSpiGroup1);
static_assert(RD_SPI_IN_FLIGHT == vgic::kSpiInFlight);
static_assert(sizeof(RouteRequest) == sizeof(rk_route));

auto mask_of(std::optional<vgic::Affinity> target) noexcept -> rd_u32 {
  return target ? 1U << (vcpu_id_of(*target) & 31U) : 0U;
}

// Every vCPU in `among` for which an SPI waits.
auto waiting(const rk_vm& vm, rd_u32 among) noexcept -> rd_u32 {
  rd_u32 mask = 0;
  for (rd_u32 id = 0; id < RD_MAX_VCPUS; ++id) {
    if (((among >> id) & 1U) != 0 && vm.distributor.has_pending_for(affinity_of(id))) mask |= 1U << id;
  }
  return mask;
}

auto is_spi(const rk_vm& vm, rd_u32 intid) noexcept -> bool {
  return intid >= arm64::kGicFirstSpi && intid < vm.distributor.nr_irqs();
}

auto set_line(rk_vm& vm, rd_u32 intid, bool high, rd_u32& kick) noexcept -> KvmResult<> {
  kick = 0;
  if (!vm.distributor_live) return KvmError{Errno::kNxIo};
  if (!is_spi(vm, intid)) return KvmError{Errno::kInval};
  kick = mask_of(vm.distributor.set_line(vgic::Intid{intid}, high));
  return {};
}

auto intid_of(const rk_vm& vm, rd_u32 gsi) noexcept -> rd_u32 {
  const auto spi = vm.routing.spi_of(gsi);
  return spi && is_spi(vm, spi->value()) ? spi->value() : 0;
}

// Whether the guest ended a level-triggered SPI in this run: it was active, or became so, and is not any more. While its
// line is up it is handed out active and pending, and comes back pending.
auto ended(rd_u32 asked, rd_u32 status) noexcept -> bool {
  if ((asked & RD_SPI_LEVEL) == 0 || (status & RD_SPI_IN_FLIGHT) == 0 || (status & RD_SPI_ACTIVE) != 0) return false;
  return (asked & RD_SPI_ACTIVE) != 0 || (status & RD_SPI_PENDING) == 0;
}

auto offset_of(const rk_action& action) noexcept -> vgic::MmioOffset { return vgic::MmioOffset{action.ipa}; }

}  // namespace

extern "C" {

int rk_gic_create(rk_vm* vm) { return kvm::status_of(vm->gic.create()); }
int rk_gic_has(rd_u32 group, rd_u64 attr) { return kvm::status_of(GicAttrs::has(group, attr)); }
rd_u32 rk_gic_value_bytes(rd_u32 group) { return GicAttrs::value_bytes(group); }

int rk_gic_set(rk_vm* vm, rd_u32 group, rd_u64 attr, rd_u64 value, rd_u32 vcpus) {
  if (const auto done = vm->gic.set(group, attr, value, vcpus); !done) return kvm::status_of(done);
  if (!vm->gic.ready() || vm->distributor_live) return 0;
  if (!vm->distributor.init(vm->gic.nr_irqs(), affinity_of(0))) return -static_cast<int>(Errno::kInval);
  vm->distributor_live = true;
  return 0;
}

int rk_gic_get(const rk_vm* vm, rd_u32 group, rd_u64 attr, rd_u64* value) {
  const auto found = vm->gic.get(group, attr, *value);
  if (found) *value = *found;
  return kvm::status_of(found);
}

int rk_gic_freeze(rk_vm* vm, rd_u32 vcpus, rk_gic_layout* out) {
  *out = rk_gic_layout{};
  const auto layout = vm->gic.freeze(vcpus);
  if (layout && *layout) {
    *out = rk_gic_layout{.distributor = (*layout)->distributor.value(),
                         .redistributors = (*layout)->redistributors.value(),
                         .nr_irqs = (*layout)->nr_irqs};
  }
  return kvm::status_of(layout);
}

int rk_irq_set_line(rk_vm* vm, rd_u32 intid, rd_u32 level, rd_u32* kick) {
  return kvm::status_of(set_line(*vm, intid, level != 0, *kick));
}

int rk_irq_set_gsi(rk_vm* vm, rd_u32 gsi, rd_u32 level, rd_u32* kick) {
  return rk_irq_set_line(vm, intid_of(*vm, gsi), level, kick);
}

int rk_irq_pulse_gsi(rk_vm* vm, rd_u32 gsi, rd_u32* kick) {
  *kick = 0;
  const rd_u32 intid = intid_of(*vm, gsi);
  if (intid == 0) return -static_cast<int>(Errno::kInval);
  *kick = mask_of(vm->distributor.pulse(vgic::Intid{intid}));
  return 0;
}

rd_u32 rk_irq_gsi_intid(const rk_vm* vm, rd_u32 gsi) { return intid_of(*vm, gsi); }

int rk_irq_set_routes(rk_vm* vm, const rk_route* routes, rd_u32 count) {
  static_assert(std::is_layout_compatible_v<RouteRequest, rk_route>);
  return kvm::status_of(vm->routing.replace(std::span{reinterpret_cast<const RouteRequest*>(routes), count}));
}

int rk_irq_pending(const rk_vm* vm, rd_u32 vcpu) {
  return vm->distributor_live && vm->distributor.has_pending_for(affinity_of(vcpu)) ? 1 : 0;
}

void rk_irq_enter(rk_vm* vm, rd_u32 vcpu, rd_run_request* request) {
  request->nr_spis = 0;
  if (!vm->distributor_live) return;
  std::array<vgic::SpiRequest, RD_RUN_MAX_SPIS> spis;
  const std::size_t count = vm->distributor.collect(affinity_of(vcpu), spis);
  for (std::size_t i = 0; i < count; ++i) {
    request->spi[i] = rd_spi_request{
        .intid = spis[i].intid.value(), .flags = spis[i].flags, .priority = spis[i].priority, .reserved = 0};
  }
  request->nr_spis = static_cast<rd_u32>(count);
}

void rk_irq_leave(rk_vm* vm, rd_u32 vcpu, rd_u32 vcpus, const rd_run* run, rd_u32 ran, rk_irq_left* out) {
  out->kick = 0;
  out->nr_ended = 0;
  const rd_u32 count = run->request.nr_spis;
  if (!vm->distributor_live || count == 0) return;
  for (rd_u32 i = 0; i < count && i < RD_RUN_MAX_SPIS; ++i) {
    const rd_spi_request& asked = run->request.spi[i];
    const rd_u32 flags = ran != 0 ? run->exit.spi_status[i] : 0;
    vm->distributor.complete(affinity_of(vcpu), vgic::SpiStatus{.intid = vgic::Intid{asked.intid}, .flags = flags});
    if (ended(asked.flags, flags)) out->ended[out->nr_ended++] = asked.intid;
  }
  // What was given back may belong to another vCPU by now: the guest changed its route meanwhile.
  out->kick = waiting(*vm, vcpus & ~(1U << vcpu));
}

int rk_dist_needs_pause(const rk_vm* vm, const rk_action* action) {
  return vm->distributor.sync_needed(offset_of(*action)) ? 1 : 0;
}

rd_u64 rk_dist_read(const rk_vm* vm, const rk_action* action) {
  const auto size = vgic::access_size(action->bytes);
  return size ? vm->distributor.read(offset_of(*action), *size) : 0;
}

rd_u32 rk_dist_write(rk_vm* vm, const rk_action* action, rd_u32 vcpus) {
  const auto size = vgic::access_size(action->bytes);
  if (!size) return 0;
  const vgic::DistWriteEffect effect = vm->distributor.write(offset_of(*action), *size, action->value);
  return effect.rescan ? waiting(*vm, vcpus) : 0;
}

int rk_ioevent_add(rk_vm* vm, const rk_ioevent* event) {
  return kvm::status_of(vm->ioevents.add(Ioevent{.address = Ipa{event->ipa},
                                                 .bytes = event->bytes,
                                                 .match_data = event->match_data != 0,
                                                 .data = event->data,
                                                 .handle = event->handle}));
}

int rk_ioevent_remove(rk_vm* vm, const rk_ioevent* event, rd_u32* handle) {
  const auto removed = vm->ioevents.remove(Ioevent{.address = Ipa{event->ipa},
                                                   .bytes = event->bytes,
                                                   .match_data = event->match_data != 0,
                                                   .data = event->data,
                                                   .handle = 0});
  if (removed) *handle = *removed;
  return kvm::status_of(removed);
}

}  // extern "C"
