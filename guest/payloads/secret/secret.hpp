// SPDX-License-Identifier: Apache-2.0
// The secret of the victim payload. Its four words follow from the pattern id alone, which the payload prints, so that
// an attacker under test knows exactly what to look for and the payload never prints any of it:
//   word[i] = splitmix64(kSecretSeed + pattern + i * 0x9e3779b97f4a7c15), i = 0..3, little-endian
//   splitmix64(z): z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9; z = (z ^ (z >> 27)) * 0x94d049bb133111eb; z ^ (z >> 31)
#pragma once

#include <cstdint>

namespace redoubt::guest {

inline constexpr std::uint64_t kSecretSeed = 0x5245'444f'5542'5421;

struct Secret {
  std::uint64_t word[4];
};

[[nodiscard]] constexpr auto splitmix64(std::uint64_t z) noexcept -> std::uint64_t {
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

[[nodiscard]] constexpr auto secret_of(std::uint64_t pattern) noexcept -> Secret {
  Secret secret{};
  for (std::uint64_t i = 0; i < 4; ++i) {
    secret.word[i] = splitmix64(kSecretSeed + pattern + i * 0x9e37'79b9'7f4a'7c15);
  }
  return secret;
}

// Puts the secret into x19-x28, v8-v15 and TPIDR_EL1 (words repeating in that order: x19 = word[0], x20 = word[1], ...;
// v8 = word[0]:word[1], v9 = word[2]:word[3], ...; TPIDR_EL1 = word[0]), spins until CNTVCT reaches `deadline`, and
// answers the number of registers that do not hold it any more. IRQs must be masked. (spin.S)
extern "C" auto spin_with_secret(const Secret* secret, std::uint64_t deadline) noexcept -> std::uint64_t;

}  // namespace redoubt::guest
