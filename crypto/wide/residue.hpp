// SPDX-License-Identifier: Apache-2.0
// Numbers modulo a prime, as a type of their own for each prime: a field element is not a scalar. Kept in Montgomery's
// form, always fully reduced, so that equal numbers have equal limbs. Constant time in the values.
#pragma once

#include "base/result.hpp"
#include "crypto/wide/modulus.hpp"

namespace redoubt::crypto {

template <const auto& kModulus>
class Residue {
 public:
  static constexpr std::size_t kLimbs = kModulus.value.size();
  static constexpr std::size_t kBytes = 8 * kLimbs;
  using Value = Limbs<kLimbs>;

  constexpr Residue() noexcept = default;  // zero
  [[nodiscard]] static constexpr auto one() noexcept -> Residue { return Residue{kModulus.one}; }

  // INVALID if value >= the modulus; whether it is so is not kept secret.
  [[nodiscard]] static constexpr auto from(const Value& value) noexcept -> Result<Residue> {
    if (subtract(value, kModulus.value).overflow == 0) return Unexpected{Error::INVALID};
    return reduced(value);
  }
  // value mod the modulus, for any value.
  [[nodiscard]] static constexpr auto reduced(const Value& value) noexcept -> Residue {
    return Residue{multiply(kModulus, value, kModulus.r_squared)};
  }
  // (low + R high) mod the modulus, R = 2^(8 kBytes).
  [[nodiscard]] static constexpr auto reduced(const Value& low, const Value& high) noexcept -> Residue {
    const Value high_times_r = multiply(kModulus, high, kModulus.r_squared);
    return reduced(low) + reduced(high_times_r);
  }

  // The number, less than the modulus.
  [[nodiscard]] constexpr auto value() const noexcept -> Value { return multiply(kModulus, limbs_, Value{1}); }

  constexpr auto operator+(const Residue& b) const noexcept -> Residue {
    return Residue{add_modulo(kModulus, limbs_, b.limbs_)};
  }
  constexpr auto operator-(const Residue& b) const noexcept -> Residue {
    return Residue{subtract_modulo(kModulus, limbs_, b.limbs_)};
  }
  constexpr auto operator*(const Residue& b) const noexcept -> Residue {
    return Residue{multiply(kModulus, limbs_, b.limbs_)};
  }
  constexpr auto operator-() const noexcept -> Residue { return Residue{} - *this; }

  // 1 or 0.
  [[nodiscard]] constexpr auto zero_bit() const noexcept -> std::uint64_t { return crypto::zero_bit(limbs_); }
  // The answer is public, the operands need not be.
  constexpr auto operator==(const Residue& b) const noexcept -> bool { return (*this - b).zero_bit() != 0; }

  // this^exponent; the exponent is public.
  [[nodiscard]] auto to_power(const Value& exponent) const noexcept -> Residue {
    return Residue{power(kModulus, limbs_, exponent)};
  }
  // 1 / this; zero for zero. Fermat: this^(modulus - 2), hence only for primes.
  [[nodiscard]] auto inverse() const noexcept -> Residue { return to_power(subtract(kModulus.value, Value{2}).value); }

  [[nodiscard]] static constexpr auto choose(std::uint64_t mask, const Residue& a, const Residue& b) noexcept
      -> Residue {
    return Residue{crypto::choose(mask, a.limbs_, b.limbs_)};
  }

 private:
  constexpr explicit Residue(const Value& limbs) noexcept : limbs_(limbs) {}
  Value limbs_{};
};

}  // namespace redoubt::crypto
