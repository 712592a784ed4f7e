// SPDX-License-Identifier: Apache-2.0
// Byte layouts: RmmMeasurementDescriptor*, RmiRealmParams and RmiRecParams of DEN0137 1.0. Integers are little-endian,
// bytes without a field are zero.
#include "crypto/realm_measurement.hpp"

#include <algorithm>
#include <bit>

#include "base/bits.hpp"

namespace redoubt::crypto {
namespace {

static_assert(std::endian::native == std::endian::little);

using Word = std::array<std::byte, sizeof(std::uint64_t)>;

constexpr std::size_t kDescriptorBytes = 0x100;
constexpr std::size_t kParameterBytes = 0x1000;
constexpr std::uint64_t kGigabyte = std::uint64_t{1} << 30;

enum class Kind : std::uint8_t { DATA = 0, REC = 1, RIPAS = 2 };

// What is hashed to extend index 0: the kind, the length, the value so far, then what the kind says.
class Descriptor {
 public:
  static constexpr std::size_t kBody = 0x50;

  Descriptor(Kind kind, const Measurement& so_far) noexcept {
    bytes_[0] = static_cast<std::byte>(kind);
    put(8, kDescriptorBytes);
    std::ranges::copy(so_far, bytes_.begin() + 0x10);
  }
  void put(std::size_t offset, std::uint64_t value) noexcept {
    std::ranges::copy(std::bit_cast<Word>(value), bytes_.begin() + offset);
  }
  void put(std::size_t offset, const Sha256Digest& digest) noexcept {
    std::ranges::copy(digest, bytes_.begin() + offset);
  }
  [[nodiscard]] auto bytes() const noexcept -> std::span<const std::byte> { return bytes_; }

 private:
  alignas(8) std::array<std::byte, kDescriptorBytes> bytes_{};
};

// The hash of a parameter page, given only by its fields in ascending order: the stack has no room for the page.
class ParameterPage {
 public:
  void field(std::size_t offset, std::uint64_t value) noexcept {
    zeros_until(offset);
    hash_.update(std::bit_cast<Word>(value));
    at_ += sizeof(value);
  }
  [[nodiscard]] auto finish() noexcept -> Sha256Digest {
    zeros_until(kParameterBytes);
    return hash_.finish();
  }

 private:
  void zeros_until(std::size_t offset) noexcept {
    alignas(8) static constexpr std::array<std::byte, Sha256::kBlockBytes> kZeros{};
    while (at_ < offset) {
      const std::size_t count = std::min(kZeros.size() - at_ % kZeros.size(), offset - at_);
      hash_.update(std::span{kZeros}.first(count));
      at_ += count;
    }
  }
  Sha256 hash_;
  std::size_t at_ = 0;
};

// The 32 bytes after the digest are zero from the beginning and stay so.
void replace(Measurement& value, const Sha256Digest& digest) noexcept { std::ranges::copy(digest, value.begin()); }

void extend_initial(RealmMeasurements& chain, const Descriptor& descriptor) noexcept {
  replace(chain.value[0], sha256(descriptor.bytes()));
}

// The largest block that starts at `base` and ends at or before `top`.
constexpr auto block_at(std::uint64_t base, std::uint64_t top) noexcept -> std::uint64_t {
  for (const std::uint64_t size : {kGigabyte, kBlockSize}) {
    if (aligned(base, size) && top - base >= size) return size;
  }
  return kPageSize;
}

}  // namespace

void begin_measurement(RealmMeasurements& chain, unsigned ipa_bits) noexcept {
  constexpr std::size_t kS2sz = 0x08;  // flags, SVE, breakpoints, PMU and hash algorithm (SHA-256 = 0) are zero
  chain = {};
  ParameterPage parameters;
  parameters.field(kS2sz, ipa_bits);
  replace(chain.value[0], parameters.finish());
}

void measure_ram(RealmMeasurements& chain, Ipa base, Ipa top) noexcept {
  std::uint64_t at = base.value();
  while (at < top.value()) {
    const std::uint64_t size = block_at(at, top.value());
    Descriptor descriptor{Kind::RIPAS, chain.value[0]};
    descriptor.put(Descriptor::kBody, at);
    descriptor.put(Descriptor::kBody + 8, at + size);
    extend_initial(chain, descriptor);
    at += size;
  }
}

void measure_page(RealmMeasurements& chain, Ipa at, std::span<const std::byte, kPageSize> content) noexcept {
  constexpr std::uint64_t kMeasureContent = 1;
  Descriptor descriptor{Kind::DATA, chain.value[0]};
  descriptor.put(Descriptor::kBody, at.value());
  descriptor.put(Descriptor::kBody + 8, kMeasureContent);
  descriptor.put(Descriptor::kBody + 16, sha256(content));
  extend_initial(chain, descriptor);
}

void measure_boot_vcpu(RealmMeasurements& chain, std::uint64_t pc, std::span<const std::uint64_t, 8> gprs) noexcept {
  constexpr std::uint64_t kRunnable = 1;
  constexpr std::size_t kFlags = 0, kPc = 0x200, kGprs = 0x300;
  ParameterPage parameters;
  parameters.field(kFlags, kRunnable);
  parameters.field(kPc, pc);
  for (std::size_t n = 0; n < gprs.size(); ++n) parameters.field(kGprs + n * sizeof(Word), gprs[n]);
  Descriptor descriptor{Kind::REC, chain.value[0]};
  descriptor.put(Descriptor::kBody, parameters.finish());
  extend_initial(chain, descriptor);
}

void extend_measurement(RealmMeasurements& chain, unsigned index, std::span<const std::byte> value) noexcept {
  Measurement& measurement = chain.value[index];
  Sha256 hash;
  hash.update(std::span{measurement}.first<sizeof(Sha256Digest)>());
  hash.update(value);
  replace(measurement, hash.finish());
}

auto read_measurement(const RealmMeasurements& chain, unsigned index) noexcept -> std::array<std::uint64_t, 8> {
  return std::bit_cast<std::array<std::uint64_t, 8>>(chain.value[index]);
}

}  // namespace redoubt::crypto
