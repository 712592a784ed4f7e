// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/gic.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/mmio.hpp"
#include "arch/arm64_defs/gic.hpp"
#include "guest/sdk/cpu.hpp"
#include "guest/sdk/exceptions.hpp"

namespace redoubt::guest::gic {

namespace {

using arm64::mmio_read;
using arm64::mmio_write;

constexpr std::uint64_t kRedistributorStride = 2 * arm64::kGicFrameSize;

constinit Handler handler_of_all = nullptr;
constinit volatile std::byte* redistributors[kMaxCpus]{};

auto is_private(Intid intid) noexcept -> bool { return intid.value < arm64::kGicFirstSpi; }

// SGI_base repeats the distributor's layout for INTIDs 0-31.
auto frame_of(Intid intid) noexcept -> volatile std::byte* {
  return is_private(intid) ? redistributor() + arm64::GICR_SGI_BASE : distributor();
}

auto word_of(Intid intid, std::uint64_t bank) noexcept -> volatile std::byte* {
  return frame_of(intid) + bank + std::uint64_t{intid.value / 32} * 4;
}

auto mask_of(Intid intid) noexcept -> std::uint32_t { return std::uint32_t{1} << (intid.value % 32); }

void write_bit(Intid intid, std::uint64_t bank) noexcept {
  mmio_write<std::uint32_t>(word_of(intid, bank), mask_of(intid));
}

auto read_bit(Intid intid, std::uint64_t bank) noexcept -> bool {
  return (mmio_read<std::uint32_t>(word_of(intid, bank)) & mask_of(intid)) != 0;
}

// GICD_CTLR.RWP and GICR_CTLR.RWP: an earlier disable has reached every CPU.
void wait_for_writes(Intid intid) noexcept {
  if (is_private(intid)) {
    while ((mmio_read<std::uint32_t>(redistributor() + arm64::GICR_CTLR) & bit(3)) != 0) arm64::yield();
  } else {
    while (arm64::GicdCtlr::RWP::of(mmio_read<std::uint32_t>(distributor() + arm64::GICD_CTLR)) != 0) arm64::yield();
  }
}

auto affinity_of(Mpidr mpidr) noexcept -> std::uint64_t {
  return bits_of(mpidr.value, 0, 24) | (bits_of(mpidr.value, 32, 8) << 24);
}

auto find_redistributor(Mpidr mpidr) noexcept -> volatile std::byte* {
  volatile std::byte* at = device_at(kGicrBase);
  for (unsigned i = 0; i < kMaxCpus; ++i, at += kRedistributorStride) {
    const auto type = mmio_read<std::uint64_t>(at + arm64::GICR_TYPER);
    if (arm64::GicrTyper::AffinityValue::of(type) == affinity_of(mpidr)) return at;
    if (arm64::GicrTyper::Last::of(type) != 0) break;
  }
  return nullptr;
}

void wake(volatile std::byte* redist) noexcept {
  const auto waker = mmio_read<std::uint32_t>(redist + arm64::GICR_WAKER);
  mmio_write<std::uint32_t>(redist + arm64::GICR_WAKER,
                            static_cast<std::uint32_t>(arm64::GicrWaker::ProcessorSleep::set(waker, 0)));
  while (arm64::GicrWaker::ChildrenAsleep::of(mmio_read<std::uint32_t>(redist + arm64::GICR_WAKER)) != 0) {
    arm64::yield();
  }
}

void take_interrupts() noexcept {
  for (;;) {
    const Intid intid{static_cast<std::uint32_t>(RD_READ_SYSREG(ICC_IAR1_EL1))};
    arm64::dsb_sy();
    if (intid.value >= arm64::kGicFirstSpecial) return;
    if (handler_of_all != nullptr) handler_of_all(intid);
    RD_WRITE_SYSREG(ICC_EOIR1_EL1, intid.value);
    arm64::isb();
  }
}

void send(std::uint64_t request) noexcept {
  arm64::dsb_sy();
  RD_WRITE_SYSREG(ICC_SGI1R_EL1, request);
  arm64::isb();
}

}  // namespace

auto distributor() noexcept -> volatile std::byte* { return device_at(kGicdBase); }
auto redistributor() noexcept -> volatile std::byte* { return redistributors[this_cpu().index]; }

void init_distributor(Handler handler) noexcept {
  handler_of_all = handler;
  set_irq_entry(take_interrupts);
  volatile std::byte* dist = distributor();
  mmio_write<std::uint32_t>(dist + arm64::GICD_CTLR, 0);
  wait_for_writes(Intid{arm64::kGicFirstSpi});
  const auto lines = arm64::GicdTyper::ITLinesNumber::of(mmio_read<std::uint32_t>(dist + arm64::GICD_TYPER));
  for (std::uint64_t bank = 1; bank <= lines; ++bank) {
    mmio_write<std::uint32_t>(dist + arm64::GICD_ICENABLER + bank * 4, ~0u);
    mmio_write<std::uint32_t>(dist + arm64::GICD_ICPENDR + bank * 4, ~0u);
    mmio_write<std::uint32_t>(dist + arm64::GICD_IGROUPR + bank * 4, ~0u);
  }
  constexpr auto kOn = arm64::GicdCtlr::ARE::kMask | arm64::GicdCtlr::EnableGrp1::kMask;
  mmio_write<std::uint32_t>(dist + arm64::GICD_CTLR, static_cast<std::uint32_t>(kOn));
  wait_for_writes(Intid{arm64::kGicFirstSpi});
}

auto init_cpu() noexcept -> bool {
  const Cpu& cpu = this_cpu();
  volatile std::byte* redist = find_redistributor(cpu.mpidr);
  if (redist == nullptr) return false;
  redistributors[cpu.index] = redist;
  wake(redist);
  mmio_write<std::uint32_t>(redist + arm64::GICR_ICENABLER0, ~0u);
  mmio_write<std::uint32_t>(redist + arm64::GICR_ICPENDR0, ~0u);
  mmio_write<std::uint32_t>(redist + arm64::GICR_ICACTIVER0, ~0u);
  mmio_write<std::uint32_t>(redist + arm64::GICR_IGROUPR0, ~0u);
  wait_for_writes(Intid{0});
  RD_WRITE_SYSREG(ICC_SRE_EL1, RD_READ_SYSREG(ICC_SRE_EL1) | 1);
  arm64::isb();
  RD_WRITE_SYSREG(ICC_CTLR_EL1, 0);
  RD_WRITE_SYSREG(ICC_BPR1_EL1, 0);
  static_cast<void>(set_priority_mask(kMaskNothing));
  RD_WRITE_SYSREG(ICC_IGRPEN1_EL1, 1);
  arm64::isb();
  return true;
}

void enable(Intid intid, std::uint8_t priority) noexcept {
  mmio_write<std::uint8_t>(frame_of(intid) + arm64::GICD_IPRIORITYR + intid.value, priority);
  write_bit(intid, arm64::GICD_ISENABLER);
}

void disable(Intid intid) noexcept {
  write_bit(intid, arm64::GICD_ICENABLER);
  wait_for_writes(intid);
}

void set_edge(Intid intid, bool edge) noexcept {
  volatile std::byte* word = frame_of(intid) + arm64::GICD_ICFGR + std::uint64_t{intid.value / 16} * 4;
  const std::uint32_t mask = std::uint32_t{2} << ((intid.value % 16) * 2);
  const auto old = mmio_read<std::uint32_t>(word);
  mmio_write<std::uint32_t>(word, edge ? old | mask : old & ~mask);
}

void set_pending(Intid intid) noexcept { write_bit(intid, arm64::GICD_ISPENDR); }
void clear_pending(Intid intid) noexcept { write_bit(intid, arm64::GICD_ICPENDR); }
auto is_enabled(Intid intid) noexcept -> bool { return read_bit(intid, arm64::GICD_ISENABLER); }
auto is_pending(Intid intid) noexcept -> bool { return read_bit(intid, arm64::GICD_ISPENDR); }
auto is_active(Intid intid) noexcept -> bool { return read_bit(intid, arm64::GICD_ISACTIVER); }
auto priority(Intid intid) noexcept -> std::uint8_t {
  return mmio_read<std::uint8_t>(frame_of(intid) + arm64::GICD_IPRIORITYR + intid.value);
}

void route(Intid spi, Mpidr target) noexcept {
  mmio_write<std::uint64_t>(distributor() + arm64::GICD_IROUTER + std::uint64_t{spi.value} * 8, target.value);
}

void send_sgi(Mpidr target, Intid intid) noexcept {
  using Sgi = arm64::IccSgiR;
  const std::uint64_t aff0 = bits_of(target.value, 0, 8);
  send(Sgi::TargetList::make(bit(static_cast<unsigned>(aff0 % 16))) | Sgi::RS::make(aff0 / 16) |
       Sgi::Aff1::make(bits_of(target.value, 8, 8)) | Sgi::Aff2::make(bits_of(target.value, 16, 8)) |
       Sgi::Aff3::make(bits_of(target.value, 32, 8)) | Sgi::INTID::make(intid.value));
}

void send_sgi_to_others(Intid intid) noexcept {
  send(arm64::IccSgiR::IRM::make(1) | arm64::IccSgiR::INTID::make(intid.value));
}

auto set_priority_mask(std::uint8_t mask) noexcept -> std::uint8_t {
  RD_WRITE_SYSREG(ICC_PMR_EL1, mask);
  arm64::isb();
  return static_cast<std::uint8_t>(RD_READ_SYSREG(ICC_PMR_EL1));
}

}  // namespace redoubt::guest::gic
