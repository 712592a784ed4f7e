// SPDX-License-Identifier: Apache-2.0
#include "crypto/wide/modulus.hpp"

namespace redoubt::crypto {

template <std::size_t N>
auto multiply_called(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& b) noexcept -> Limbs<N> {
  return multiply_inline(m, a, b);
}

template <std::size_t N>
auto power(const Modulus<N>& m, const Limbs<N>& a, const Limbs<N>& exponent) noexcept -> Limbs<N> {
  Limbs<N> result = m.one;
  for (std::size_t n = 64 * N; n-- > 0;) {
    result = multiply_called(m, result, result);
    if (bit_at(exponent, n) != 0) result = multiply_called(m, result, a);
  }
  return result;
}

template auto multiply_called(const Modulus<4>&, const Limbs<4>&, const Limbs<4>&) noexcept -> Limbs<4>;
template auto multiply_called(const Modulus<6>&, const Limbs<6>&, const Limbs<6>&) noexcept -> Limbs<6>;
template auto power(const Modulus<4>&, const Limbs<4>&, const Limbs<4>&) noexcept -> Limbs<4>;
template auto power(const Modulus<6>&, const Limbs<6>&, const Limbs<6>&) noexcept -> Limbs<6>;

}  // namespace redoubt::crypto
