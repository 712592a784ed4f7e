// SPDX-License-Identifier: Apache-2.0
// HKDF (RFC 5869) over SHA-256, SHA-384 or SHA-512: keys derived from one secret, independent for different `info`.
#pragma once

#include "crypto/hmac.hpp"

namespace redoubt::crypto {

// The pseudo-random key after "extract". Wiped at the end of its life.
template <class Hash>
class Hkdf {
 public:
  static constexpr std::size_t kMaxOutput = 255 * sizeof(typename Hash::Digest);

  // RFC 5869 2.2. An empty salt means a block of zeros.
  Hkdf(ByteView salt, ByteView key_material) noexcept;
  ~Hkdf() noexcept { wipe(key_); }
  Hkdf(const Hkdf&) = delete;
  auto operator=(const Hkdf&) -> Hkdf& = delete;

  // RFC 5869 2.3. Fills `out`. INVALID: longer than kMaxOutput (nothing is written).
  [[nodiscard]] auto expand(ByteView info, std::span<std::byte> out) const noexcept -> Result<>;

 private:
  typename Hash::Digest key_;
};

extern template class Hkdf<Sha256>;
extern template class Hkdf<Sha384>;
extern template class Hkdf<Sha512>;

}  // namespace redoubt::crypto
