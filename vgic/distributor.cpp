// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The distributor's inputs and the hand-out of SPIs to vCPUs. Its registers are in distributor_mmio.cpp.
#include "vgic/distributor.hpp"

#include <bit>

namespace redoubt::vgic {
namespace {

constexpr std::uint32_t kBitsPerWord = 32;

constexpr auto lowest(std::uint32_t mask) noexcept -> std::uint32_t {
  return static_cast<std::uint32_t>(std::countr_zero(mask));
}

constexpr void assign(std::uint32_t& word, std::uint32_t mask, bool value) noexcept {
  word = value ? word | mask : word & ~mask;
}

// Smaller is more urgent: active SPIs before any pending one.
constexpr auto urgency(const SpiRequest& request) noexcept -> unsigned {
  return request.priority + ((request.flags & kSpiActive) != 0 ? 0U : 0x100U);
}

// Keeps out[0..count) sorted; when it is full the least urgent entry goes. Returns the new count.
constexpr auto insert(std::span<SpiRequest> out, std::size_t count, const SpiRequest& request) noexcept -> std::size_t {
  std::size_t place = count;
  for (std::size_t n = 0; n < kMaxSpiRequests && place > 0; ++n) {
    if (urgency(out[place - 1]) <= urgency(request)) break;
    if (place < out.size()) out[place] = out[place - 1];
    --place;
  }
  if (place >= out.size()) return count;
  out[place] = request;
  return count < out.size() ? count + 1 : count;
}

}  // namespace

auto Distributor::init(std::uint32_t nr_irqs, Affinity first) noexcept -> Result<> {
  if (nr_irqs < kMinIrqs || nr_irqs > kMaxIrqs || nr_irqs % kBitsPerWord != 0) return Unexpected{Error::INVALID};
  nr_irqs_ = nr_irqs;
  first_ = first;
  groups_ = {};
  busy_words_ = 0;
  enable_.fill(0);
  group0_.fill(0);
  latch_.fill(0);
  line_.fill(0);
  active_.fill(0);
  edge_.fill(0);
  in_flight_.fill(0);
  offered_.fill(0);
  priority_.fill(0);
  route_.fill(0);
  owner_.fill(0);
  return {};
}

// The vCPU that must take an active SPI back, else the one its route names.
auto Distributor::holder(std::uint32_t spi) const noexcept -> Affinity {
  const bool active = ((active_[spi / kBitsPerWord] >> (spi % kBitsPerWord)) & 1U) != 0;
  return active ? Affinity{owner_[spi]} : routed_to(spi);
}

// An SPI in flight: its vCPU must come back to see what changed. Active but not in flight: its vCPU is out already.
auto Distributor::kick_for(std::uint32_t spi) const noexcept -> std::optional<Affinity> {
  const std::uint32_t word = spi / kBitsPerWord;
  const std::uint32_t mask = std::uint32_t{1} << (spi % kBitsPerWord);
  if ((in_flight_[word] & mask) != 0) return Affinity{owner_[spi]};
  if ((offerable(word) & ~active_[word] & mask) != 0) return routed_to(spi);
  return std::nullopt;
}

auto Distributor::set_line(Intid spi, bool high) noexcept -> std::optional<Affinity> {
  if (!valid_spi(spi)) return std::nullopt;
  const std::uint32_t word = spi.value() / kBitsPerWord;
  const std::uint32_t mask = std::uint32_t{1} << (spi.value() % kBitsPerWord);
  if (((line_[word] & mask) != 0) == high) return std::nullopt;
  assign(line_[word], mask, high);
  busy_words_ |= std::uint32_t{1} << word;
  if ((edge_[word] & mask) != 0) {
    if (!high) return std::nullopt;
    latch_[word] |= mask;
  }
  return kick_for(spi.value());
}

auto Distributor::pulse(Intid spi) noexcept -> std::optional<Affinity> {
  if (!valid_spi(spi)) return std::nullopt;
  const std::uint32_t word = spi.value() / kBitsPerWord;
  latch_[word] |= std::uint32_t{1} << (spi.value() % kBitsPerWord);
  busy_words_ |= std::uint32_t{1} << word;
  return kick_for(spi.value());
}

// An SPI that is active here but routed elsewhere by now is not pending here; when the guest ends it the host must
// know, to offer it there, which is what kSpiLevel asks for.
auto Distributor::request_for(std::uint32_t spi, Affinity self) const noexcept -> SpiRequest {
  const std::uint32_t word = spi / kBitsPerWord;
  const std::uint32_t mask = std::uint32_t{1} << (spi % kBitsPerWord);
  const bool here = routed_to(spi) == self;
  SpiRequest request;
  request.intid = Intid{spi};
  request.priority = static_cast<std::uint8_t>(priority_[spi / 4] >> (8U * (spi % 4)));
  if (here && (offerable(word) & mask) != 0) request.flags |= kSpiPending;
  if ((active_[word] & mask) != 0) request.flags |= kSpiActive;
  if (!here || (edge_[word] & mask) == 0) request.flags |= kSpiLevel;
  if ((group0_[word] & mask) == 0) request.flags |= kSpiGroup1;
  return request;
}

// The latch moves out with a pending SPI, so that an edge which arrives meanwhile is seen as a new one.
void Distributor::hand_out(const SpiRequest& request, Affinity to) noexcept {
  const std::uint32_t spi = request.intid.value();
  const std::uint32_t word = spi / kBitsPerWord;
  const std::uint32_t mask = std::uint32_t{1} << (spi % kBitsPerWord);
  const bool latched = (request.flags & kSpiPending) != 0 && (latch_[word] & mask) != 0;
  assign(offered_[word], mask, latched);
  if (latched) latch_[word] &= ~mask;
  in_flight_[word] |= mask;
  owner_[spi] = to.packed();
}

auto Distributor::collect(Affinity self, std::span<SpiRequest> out) noexcept -> std::size_t {
  const std::span<SpiRequest> list = out.first(out.size() < kMaxSpiRequests ? out.size() : kMaxSpiRequests);
  std::size_t count = 0;
  std::uint32_t words = busy_words_;
  for (std::uint32_t n = 0; n < kWords && words != 0; ++n, words &= words - 1) {
    const std::uint32_t word = lowest(words);
    if ((raw_pending(word) | active_[word] | in_flight_[word]) == 0) busy_words_ &= ~(std::uint32_t{1} << word);
    std::uint32_t candidates = (offerable(word) | active_[word]) & ~in_flight_[word];
    for (std::uint32_t k = 0; k < kBitsPerWord && candidates != 0; ++k, candidates &= candidates - 1) {
      const std::uint32_t spi = word * kBitsPerWord + lowest(candidates);
      if (holder(spi) == self) count = insert(list, count, request_for(spi, self));
    }
  }
  for (std::size_t i = 0; i < kMaxSpiRequests && i < count; ++i) hand_out(list[i], self);
  return count;
}

auto Distributor::complete(Affinity self, const SpiStatus& status) noexcept -> std::optional<Affinity> {
  if (!valid_spi(status.intid)) return std::nullopt;
  const std::uint32_t spi = status.intid.value();
  const std::uint32_t word = spi / kBitsPerWord;
  const std::uint32_t mask = std::uint32_t{1} << (spi % kBitsPerWord);
  if ((in_flight_[word] & mask) == 0 || Affinity{owner_[spi]} != self) return std::nullopt;
  const bool accepted = (status.flags & kSpiInFlight) != 0;
  const bool unacknowledged = !accepted || (status.flags & kSpiPending) != 0;
  if ((offered_[word] & mask) != 0 && unacknowledged) latch_[word] |= mask;
  if (accepted) assign(active_[word], mask, (status.flags & kSpiActive) != 0);
  offered_[word] &= ~mask;
  in_flight_[word] &= ~mask;
  const auto target = kick_for(spi);
  return target == self ? std::nullopt : target;
}

auto Distributor::deliverable_to(Affinity self, std::uint32_t word) const noexcept -> bool {
  std::uint32_t candidates = offerable(word) & ~active_[word];
  for (std::uint32_t k = 0; k < kBitsPerWord && candidates != 0; ++k, candidates &= candidates - 1) {
    if (routed_to(word * kBitsPerWord + lowest(candidates)) == self) return true;
  }
  return false;
}

auto Distributor::has_pending_for(Affinity self) const noexcept -> bool {
  std::uint32_t words = busy_words_;
  for (std::uint32_t n = 0; n < kWords && words != 0; ++n, words &= words - 1) {
    if (deliverable_to(self, lowest(words))) return true;
  }
  return false;
}

}  // namespace redoubt::vgic
