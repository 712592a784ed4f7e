// SPDX-License-Identifier: Apache-2.0
// What a protected VM started from and what it reported since: the Realm Initial Measurement (index 0) and the four
// Realm Extensible Measurements of the Realm Management Monitor specification (DEN0137 1.0, A7.1 "Realm measurements"),
// with SHA-256. A third party that knows the VM's RAM, image and entry state can compute index 0 when it makes the same
// calls in the canonical order: begin, all RAM ascending, pages ascending, the boot vCPU.
//
// Callers serialise. Preconditions are the caller's to check: nothing here is reported as an error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/addr.hpp"
#include "crypto/sha256.hpp"

namespace redoubt::crypto {

inline constexpr unsigned kRealmMeasurements = 5;
inline constexpr std::size_t kMeasurementBytes = 64;

using Measurement = std::array<std::byte, kMeasurementBytes>;  // SHA-256 in the first 32 bytes, the rest zero

struct RealmMeasurements {
  std::array<Measurement, kRealmMeasurements> value;
};

// Starts all five anew; the VM's parameters open index 0. ipa_bits: the width of its address space, the shared half
// included.
void begin_measurement(RealmMeasurements& chain, unsigned ipa_bits) noexcept;

// RAM [base, top), page-aligned: one extension for each largest naturally aligned piece of 4 KiB, 2 MiB or 1 GiB, which
// are the translation table entries that RMI_RTT_INIT_RIPAS visits. The work is a compression of 256 bytes for each
// piece: the caller bounds their number.
void measure_ram(RealmMeasurements& chain, Ipa base, Ipa top) noexcept;

// One page of the initial image; nobody else can write to `content` any more.
void measure_page(RealmMeasurements& chain, Ipa at, std::span<const std::byte, kPageSize> content) noexcept;

// The boot vCPU's entry state, as the one runnable REC.
void measure_boot_vcpu(RealmMeasurements& chain, std::uint64_t pc, std::span<const std::uint64_t, 8> gprs) noexcept;

// RSI_MEASUREMENT_EXTEND: index 1..4, at most 64 bytes.
void extend_measurement(RealmMeasurements& chain, unsigned index, std::span<const std::byte> value) noexcept;

// RSI_MEASUREMENT_READ: index 0..4; the answer is X1..X8.
[[nodiscard]] auto read_measurement(const RealmMeasurements& chain, unsigned index) noexcept
    -> std::array<std::uint64_t, 8>;

}  // namespace redoubt::crypto
