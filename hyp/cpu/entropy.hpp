// SPDX-License-Identifier: Apache-2.0
// Randomness at EL2: RNDRRS if the CPU has it, else the firmware's TRNG, else the seed the boot loader left in the device
// tree. The host contributes nothing.
#pragma once

#include <cstdint>
#include <span>

#include "abi/hypercall.h"

namespace redoubt::hyp {

// Boot: picks the source and seeds the generator. `boot_seed` is consumed: the caller erases it.
void entropy_init(std::span<const std::byte> boot_seed) noexcept;

// Before a reset: overwrites the generator, in memory too. Nobody can draw afterwards.
void entropy_forget() noexcept;

[[nodiscard]] auto entropy_source() noexcept -> rd_entropy;

// Fills `out`; false (and zeros) when no source has delivered. Any CPU.
[[nodiscard]] auto random_words(std::span<std::uint64_t> out) noexcept -> bool;

}  // namespace redoubt::hyp
