// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vgic/redistributor.hpp"

#include "vgic/mmio.hpp"

namespace redoubt::vgic {
namespace {

constexpr std::uint8_t kPartNumber = 0x93;
constexpr std::uint64_t kPriorityEnd = arm64::GICR_IPRIORITYR + std::uint64_t{4} * PrivateIrqs::kPriorityWords;
constexpr std::uint32_t kSgiConfig = 0xaaaa'aaaa;  // ICFGR0: all edge-triggered

constexpr auto priority_offset(MmioOffset offset) noexcept -> bool {
  return offset.value() >= arm64::GICR_IPRIORITYR && offset.value() < kPriorityEnd;
}

constexpr auto priority_index(MmioOffset offset) noexcept -> unsigned {
  return static_cast<unsigned>((offset.value() - arm64::GICR_IPRIORITYR) / 4);
}

constexpr auto typer(const RedistConfig& config) noexcept -> std::uint64_t {
  using Typer = arm64::GicrTyper;
  return Typer::AffinityValue::make(config.affinity.packed()) | Typer::ProcessorNumber::make(config.processor_number) |
         Typer::Last::make(config.last ? 1 : 0);
}

// A child sleeps as soon as the processor does; the vCPU's power state is PSCI's business, sleep delays no interrupt.
constexpr auto waker(const PrivateIrqs& irqs) noexcept -> std::uint64_t {
  return irqs.asleep() ? arm64::GicrWaker::ProcessorSleep::kMask | arm64::GicrWaker::ChildrenAsleep::kMask : 0;
}

// CTLR, STATUSR, PROPBASER and PENDBASER read as zero: no LPIs (TYPER.PLPIS = 0), no error reporting.
auto read_rd_base(const PrivateIrqs& irqs, const RedistConfig& config, MmioOffset offset, AccessSize size) noexcept
    -> std::uint64_t {
  const std::uint64_t dword = offset.value() & ~std::uint64_t{7};
  if (dword == arm64::GICR_TYPER) return detail::part_of(typer(config), offset, size);
  if (size != AccessSize::Word) return 0;
  if (offset.value() == arm64::GICR_WAKER) return waker(irqs);
  if (offset.value() == arm64::GICR_IIDR) return kIidr;
  return detail::id_register(offset, kPartNumber);
}

auto read_sgi_base(const PrivateIrqs& irqs, MmioOffset offset) noexcept -> std::uint64_t {
  switch (offset.value()) {
    case arm64::GICR_IGROUPR0: return irqs.group1_bits();
    case arm64::GICR_ISENABLER0:
    case arm64::GICR_ICENABLER0: return irqs.enabled_bits();
    case arm64::GICR_ISPENDR0:
    case arm64::GICR_ICPENDR0: return irqs.pending_bits();
    case arm64::GICR_ISACTIVER0:
    case arm64::GICR_ICACTIVER0: return irqs.active_bits();
    case arm64::GICR_ICFGR0: return kSgiConfig;
    default: return 0;
  }
}

void write_register(PrivateIrqs& irqs, MmioOffset offset, std::uint32_t value) noexcept {
  switch (offset.value()) {
    case arm64::GICR_IGROUPR0: return irqs.set_group1_bits(value);
    case arm64::GICR_ISENABLER0: return irqs.enable(value);
    case arm64::GICR_ICENABLER0: return irqs.disable(value);
    case arm64::GICR_ISPENDR0: return irqs.set_pending(value);
    case arm64::GICR_ICPENDR0: return irqs.clear_pending(value);
    case arm64::GICR_ISACTIVER0: return irqs.activate(value);
    case arm64::GICR_ICACTIVER0: return irqs.deactivate(value);
    case arm64::GICR_WAKER: return irqs.set_asleep(arm64::GicrWaker::ProcessorSleep::of(value) != 0);
    default: return;
  }
}

}  // namespace

auto redistributor_needs_fold(MmioOffset offset, bool write) noexcept -> bool {
  if (offset.value() < arm64::GICR_SGI_BASE) return false;
  return write || (offset.value() >= arm64::GICR_ISPENDR0 && offset.value() < arm64::GICR_IPRIORITYR);
}

auto redistributor_read(const PrivateIrqs& irqs, const RedistConfig& config, MmioOffset offset,
                        AccessSize size) noexcept -> std::uint64_t {
  if (!naturally_aligned(offset, size)) return 0;
  if (offset.value() < arm64::GICR_SGI_BASE) return read_rd_base(irqs, config, offset, size);
  if (priority_offset(offset)) {
    const std::uint32_t word = irqs.priority_word(priority_index(offset));
    if (size == AccessSize::Byte) return detail::byte_of(word, offset);
    return size == AccessSize::Word ? word : 0;
  }
  return size == AccessSize::Word ? read_sgi_base(irqs, offset) : 0;
}

void redistributor_write(PrivateIrqs& irqs, MmioOffset offset, AccessSize size, std::uint64_t value) noexcept {
  if (!naturally_aligned(offset, size)) return;
  if (size == AccessSize::Word) {
    const auto word = static_cast<std::uint32_t>(value);
    if (priority_offset(offset)) return irqs.set_priority_word(priority_index(offset), word);
    return write_register(irqs, offset, word);
  }
  if (size == AccessSize::Byte && priority_offset(offset)) {
    const unsigned index = priority_index(offset);
    irqs.set_priority_word(index, detail::with_byte(irqs.priority_word(index), offset, value));
  }
}

}  // namespace redoubt::vgic
