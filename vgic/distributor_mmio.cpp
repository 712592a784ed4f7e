// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The registers of the distributor frame (IHI 0069 12.9), single security state, affinity routing always on.
#include <bit>

#include "vgic/distributor.hpp"
#include "vgic/mmio.hpp"

namespace redoubt::vgic {
namespace {

constexpr std::uint8_t kPartNumber = 0x92;
constexpr std::uint32_t kIdBits = 9;               // INTIDs of 10 bits: no LPIs
constexpr std::uint32_t kRouteMask = 0x80ff'ffff;  // A3V = 0: no Aff3
constexpr DistWriteEffect kNoEffect{.rescan = false};

// GICD_IGROUPRn to GICD_ICACTIVERn are seven arrays of 32 words, one after the other.
enum class BitmapRegister : std::uint8_t {
  Group = 1,
  SetEnable,
  ClearEnable,
  SetPending,
  ClearPending,
  SetActive,
  ClearActive
};

constexpr auto in_bitmaps(MmioOffset offset) noexcept -> bool {
  return offset.value() >= arm64::GICD_IGROUPR && offset.value() < arm64::GICD_IPRIORITYR;
}
constexpr auto bitmap_register(MmioOffset offset) noexcept -> BitmapRegister {
  return static_cast<BitmapRegister>(offset.value() / arm64::GICD_IGROUPR);
}
constexpr auto bitmap_word(MmioOffset offset) noexcept -> std::uint32_t {
  return static_cast<std::uint32_t>((offset.value() % arm64::GICD_IGROUPR) / 4);
}

constexpr auto in_range(MmioOffset offset, std::uint64_t first, std::uint64_t end) noexcept -> bool {
  return offset.value() >= first && offset.value() < end;
}

// Bit n of 16 to bit 2n + 1, and back: GICD_ICFGR has two bits per INTID, of which the upper one counts.
constexpr auto spread(std::uint32_t bits) noexcept -> std::uint32_t {
  bits = (bits | (bits << 8U)) & 0x00ff'00ffU;
  bits = (bits | (bits << 4U)) & 0x0f0f'0f0fU;
  bits = (bits | (bits << 2U)) & 0x3333'3333U;
  bits = (bits | (bits << 1U)) & 0x5555'5555U;
  return bits << 1U;
}
constexpr auto gather(std::uint32_t bits) noexcept -> std::uint32_t {
  bits = (bits >> 1U) & 0x5555'5555U;
  bits = (bits | (bits >> 1U)) & 0x3333'3333U;
  bits = (bits | (bits >> 2U)) & 0x0f0f'0f0fU;
  bits = (bits | (bits >> 4U)) & 0x00ff'00ffU;
  return (bits | (bits >> 8U)) & 0xffffU;
}
static_assert(spread(0x8001) == 0x8000'0002 && gather(0x8000'0002) == 0x8001);
static_assert(gather(spread(0x5aa5)) == 0x5aa5 && gather(0x5555'5555) == 0);

// First INTID of a GICD_ICFGRn word.
constexpr auto config_intid(MmioOffset offset) noexcept -> std::uint32_t {
  return static_cast<std::uint32_t>((offset.value() - arm64::GICD_ICFGR) / 4) * 16;
}

}  // namespace

auto Distributor::read_bitmap(MmioOffset offset) const noexcept -> std::uint32_t {
  const std::uint32_t word = bitmap_word(offset);
  if (word == 0 || word >= nr_irqs_ / 32) return 0;
  switch (bitmap_register(offset)) {
    case BitmapRegister::Group: return ~group0_[word];
    case BitmapRegister::SetEnable:
    case BitmapRegister::ClearEnable: return enable_[word];
    case BitmapRegister::SetPending:
    case BitmapRegister::ClearPending: return raw_pending(word) | offered_[word];
    case BitmapRegister::SetActive:
    case BitmapRegister::ClearActive: return active_[word];
  }
  return 0;
}

auto Distributor::write_bitmap(MmioOffset offset, std::uint32_t value) noexcept -> DistWriteEffect {
  const std::uint32_t word = bitmap_word(offset);
  if (word == 0 || word >= nr_irqs_ / 32) return kNoEffect;
  busy_words_ |= std::uint32_t{1} << word;
  switch (bitmap_register(offset)) {
    case BitmapRegister::Group: group0_[word] = ~value; break;
    case BitmapRegister::SetEnable: enable_[word] |= value; break;
    case BitmapRegister::ClearEnable: enable_[word] &= ~value; break;
    case BitmapRegister::SetPending: latch_[word] |= value; break;
    case BitmapRegister::ClearPending:
      latch_[word] &= ~value;
      offered_[word] &= ~value;
      break;
    case BitmapRegister::SetActive: make_active(word, value); break;
    case BitmapRegister::ClearActive: active_[word] &= ~value; break;
  }
  return {.rescan = (offerable(word) & ~active_[word]) != 0};
}

// An SPI made active by software belongs to the vCPU it would have gone to.
void Distributor::make_active(std::uint32_t word, std::uint32_t value) noexcept {
  std::uint32_t fresh = value & ~active_[word] & ~in_flight_[word];
  for (std::uint32_t k = 0; k < 32 && fresh != 0; ++k, fresh &= fresh - 1) {
    const std::uint32_t spi = word * 32 + static_cast<std::uint32_t>(std::countr_zero(fresh));
    owner_[spi] = routed_to(spi).packed();
  }
  active_[word] |= value;
}

auto Distributor::read_config(MmioOffset offset) const noexcept -> std::uint32_t {
  const std::uint32_t first = config_intid(offset);
  if (first < arm64::kGicFirstSpi || first >= nr_irqs_) return 0;
  return spread((edge_[first / 32] >> (first % 32)) & 0xffffU);
}

auto Distributor::write_config(MmioOffset offset, std::uint32_t value) noexcept -> DistWriteEffect {
  const std::uint32_t first = config_intid(offset);
  if (first < arm64::kGicFirstSpi || first >= nr_irqs_) return kNoEffect;
  const std::uint32_t word = first / 32;
  const std::uint32_t shift = first % 32;
  edge_[word] = (edge_[word] & ~(0xffffU << shift)) | (gather(value) << shift);
  busy_words_ |= std::uint32_t{1} << word;
  return {.rescan = (offerable(word) & ~active_[word]) != 0};
}

auto Distributor::read_word(MmioOffset offset) const noexcept -> std::uint32_t {
  if (in_bitmaps(offset)) return read_bitmap(offset);
  if (in_range(offset, arm64::GICD_ICFGR, arm64::GICD_IGRPMODR)) return read_config(offset);
  switch (offset.value()) {
    case arm64::GICD_CTLR:
      return groups_.ctlr_bits() | static_cast<std::uint32_t>(arm64::GicdCtlr::ARE::kMask | arm64::GicdCtlr::DS::kMask);
    case arm64::GICD_TYPER:
      return static_cast<std::uint32_t>(arm64::GicdTyper::ITLinesNumber::make(nr_irqs_ / 32 - 1) |
                                        arm64::GicdTyper::IDbits::make(kIdBits));
    case arm64::GICD_IIDR: return kIidr;
    default: return static_cast<std::uint32_t>(detail::id_register(offset, kPartNumber));
  }
}

auto Distributor::write_word(MmioOffset offset, std::uint32_t value) noexcept -> DistWriteEffect {
  if (in_bitmaps(offset)) return write_bitmap(offset, value);
  if (in_range(offset, arm64::GICD_ICFGR, arm64::GICD_IGRPMODR)) return write_config(offset, value);
  if (offset.value() != arm64::GICD_CTLR) return kNoEffect;
  groups_ = GroupEnables::of_ctlr(value);
  return {.rescan = busy_words_ != 0};
}

// The upper half of each register is Aff3: zero.
auto Distributor::read_router(MmioOffset offset, AccessSize size) const noexcept -> std::uint64_t {
  const auto spi = static_cast<std::uint32_t>((offset.value() - arm64::GICD_IROUTER) / 8);
  return valid_spi(Intid{spi}) ? detail::part_of(route_[spi], offset, size) : 0;
}

auto Distributor::write_router(MmioOffset offset, std::uint64_t value) noexcept -> DistWriteEffect {
  const auto spi = static_cast<std::uint32_t>((offset.value() - arm64::GICD_IROUTER) / 8);
  if (!valid_spi(Intid{spi}) || (offset.value() & 4U) != 0) return kNoEffect;
  route_[spi] = static_cast<std::uint32_t>(value) & kRouteMask;
  const std::uint32_t word = spi / 32;
  return {.rescan = (((offerable(word) & ~active_[word]) >> (spi % 32)) & 1U) != 0};
}

// Index into priority_ of an SPI's GICD_IPRIORITYRn.
auto Distributor::priority_index(MmioOffset offset) const noexcept -> std::optional<std::uint32_t> {
  const std::uint64_t first = arm64::GICD_IPRIORITYR + arm64::kGicFirstSpi;
  if (!in_range(offset, first, arm64::GICD_IPRIORITYR + nr_irqs_)) return std::nullopt;
  return static_cast<std::uint32_t>((offset.value() - arm64::GICD_IPRIORITYR) / 4);
}

auto Distributor::read(MmioOffset offset, AccessSize size) const noexcept -> std::uint64_t {
  if (nr_irqs_ == 0 || !naturally_aligned(offset, size)) return 0;
  if (in_range(offset, arm64::GICD_IROUTER, arm64::GICD_IROUTER_END)) return read_router(offset, size);
  if (const auto index = priority_index(offset)) {
    if (size == AccessSize::Byte) return detail::byte_of(priority_[*index], offset);
    return size == AccessSize::Word ? priority_[*index] : 0;
  }
  return size == AccessSize::Word ? read_word(offset) : 0;
}

auto Distributor::write(MmioOffset offset, AccessSize size, std::uint64_t value) noexcept -> DistWriteEffect {
  if (nr_irqs_ == 0 || !naturally_aligned(offset, size)) return kNoEffect;
  if (in_range(offset, arm64::GICD_IROUTER, arm64::GICD_IROUTER_END)) {
    return size == AccessSize::Word || size == AccessSize::Double ? write_router(offset, value) : kNoEffect;
  }
  if (const auto index = priority_index(offset)) {
    std::uint32_t& word = priority_[*index];
    if (size == AccessSize::Word) word = static_cast<std::uint32_t>(value) & kPriorityWordMask;
    if (size == AccessSize::Byte) word = detail::with_byte(word, offset, value) & kPriorityWordMask;
    return kNoEffect;
  }
  return size == AccessSize::Word ? write_word(offset, static_cast<std::uint32_t>(value)) : kNoEffect;
}

auto Distributor::sync_needed(MmioOffset offset) const noexcept -> bool {
  if (!in_range(offset, arm64::GICD_ICENABLER, arm64::GICD_IPRIORITYR)) return false;
  const std::uint32_t word = bitmap_word(offset);
  return word < nr_irqs_ / 32 && in_flight_[word] != 0;
}

}  // namespace redoubt::vgic
