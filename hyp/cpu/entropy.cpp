// SPDX-License-Identifier: Apache-2.0
#include "hyp/cpu/entropy.hpp"

#include <array>
#include <cstring>

#include "arch/arm64/common/cache.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64/el2/smc.hpp"
#include "arch/arm64/el2/spinlock.hpp"
#include "arch/arm64_defs/smccc.hpp"
#include "base/bits.hpp"
#include "crypto/drbg.hpp"

namespace redoubt::hyp {
namespace {

constexpr unsigned kSeedWords = 6;  // 384 bits into a 256-bit key
constexpr unsigned kTries = 64;     // both sources may ask for patience

constinit crypto::Drbg drbg{};
constinit arm64::SpinLock lock;
constinit rd_entropy source = RD_ENTROPY_NONE;

// RNDRRS (FEAT_RNG): NZCV = 0b0100 when it could not deliver.
auto rndrrs(std::uint64_t& word) noexcept -> bool {
  for (unsigned tries = 0; tries < kTries; ++tries) {
    std::uint64_t failed = 0;
    asm volatile("mrs %0, s3_3_c2_c4_1\n cset %1, eq" : "=r"(word), "=r"(failed) : : "cc");
    if (failed == 0) return true;
  }
  return false;
}

auto seed_from_cpu(std::array<std::uint64_t, kSeedWords>& seed) noexcept -> bool {
  if (bits_of(RD_READ_SYSREG(ID_AA64ISAR0_EL1), 60, 4) == 0) return false;
  for (auto& word : seed) {
    if (!rndrrs(word)) return false;
  }
  return true;
}

auto seed_from_firmware(std::array<std::uint64_t, kSeedWords>& seed) noexcept -> bool {
  const auto version = arm64::smc(static_cast<std::uint64_t>(arm64::Fid::TRNG_VERSION), 0, 0, 0);
  if ((version >> 31) != 0 || version < arm64::kTrng1_0) return false;
  for (unsigned at = 0, tries = 0; at < kSeedWords; ++tries) {
    const auto result = arm64::smc4(static_cast<std::uint64_t>(arm64::Fid::TRNG_RND64), arm64::kTrngMaxBits64, 0, 0);
    if (result.x0 != 0) {
      if (tries >= kTries) return false;
      continue;
    }
    seed[at] = result.x3;
    seed[at + 1] = result.x2;
    seed[at + 2] = result.x1;
    at += 3;
  }
  return true;
}

}  // namespace

void entropy_init(std::span<const std::byte> boot_seed) noexcept {
  std::array<std::uint64_t, kSeedWords> seed{};
  if (seed_from_cpu(seed)) {
    source = RD_ENTROPY_RNDRRS;
    drbg.reseed(seed);
  } else if (seed_from_firmware(seed)) {
    source = RD_ENTROPY_TRNG;
    drbg.reseed(seed);
  }
  if (boot_seed.size() >= 16) {
    std::array<std::uint64_t, 8> words{};
    const auto bytes = boot_seed.size() < sizeof(words) ? boot_seed.size() : sizeof(words);
    std::memcpy(words.data(), boot_seed.data(), bytes);
    drbg.reseed(words);
    words = {};
    if (source == RD_ENTROPY_NONE) source = RD_ENTROPY_BOOT_SEED;
  }
  seed = {};
}

void entropy_forget() noexcept {
  lock.acquire();  // for good: nobody draws again
  std::memset(static_cast<void*>(&drbg), 0, sizeof(drbg));
  arm64::clean_invalidate_to_poc(&drbg, sizeof(drbg));
}

auto entropy_source() noexcept -> rd_entropy { return source; }

auto random_words(std::span<std::uint64_t> out) noexcept -> bool {
  lock.acquire();
  const bool ready = drbg.seeded();
  if (ready) drbg.generate(out);
  lock.release();
  if (!ready) {
    for (auto& word : out) word = 0;
  }
  return ready;
}

}  // namespace redoubt::hyp
