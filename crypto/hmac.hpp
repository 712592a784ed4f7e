// SPDX-License-Identifier: Apache-2.0
// HMAC (RFC 2104, FIPS 198-1) over SHA-256, SHA-384 or SHA-512.
#pragma once

#include "crypto/bytes.hpp"
#include "crypto/sha256.hpp"
#include "crypto/sha512.hpp"

namespace redoubt::crypto {

// One message under one key. Wiped at the end of its life. Not thread-safe.
template <class Hash>
class Hmac {
 public:
  using Tag = typename Hash::Digest;

  explicit Hmac(ByteView key) noexcept;  // any length; longer than a block is hashed first (RFC 2104 2)
  ~Hmac() noexcept;
  Hmac(const Hmac&) = delete;
  auto operator=(const Hmac&) -> Hmac& = delete;

  void update(ByteView data) noexcept { inner_.update(data); }
  // The tag of everything given; compare it with equal_secrets(). The object is spent.
  [[nodiscard]] auto finish() noexcept -> Tag;

 private:
  Hash inner_;
  Hash outer_;
};

extern template class Hmac<Sha256>;
extern template class Hmac<Sha384>;
extern template class Hmac<Sha512>;

}  // namespace redoubt::crypto
