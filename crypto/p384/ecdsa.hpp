// SPDX-License-Identifier: Apache-2.0
// ECDSA with P-384 and SHA-384 (FIPS 186-5 6; COSE's ES384). Signatures are r || s, both big-endian (RFC 9053 2.1).
#pragma once

#include "crypto/bytes.hpp"
#include "crypto/sha512.hpp"

namespace redoubt::crypto {

using P384PublicKey = PublicBytes<struct P384PublicKeyTag, 96>;  // x || y, big-endian
using P384Signature = PublicBytes<struct P384SignatureTag, 96>;

// INVALID: the key is not a point of the curve, or r or s is 0 or not below the group's order. PERM: the signature does
// not belong to this key and message. (r, n - s) is as valid as (r, s): a signature is no unique name for a message.
[[nodiscard]] auto verify(const P384PublicKey& key, Pieces message, const P384Signature& signature) noexcept
    -> Result<>;

// Signs without a random number (RFC 6979): the nonce is derived from key and message.
class P384PrivateKey {
 public:
  using Bytes = SecretBytes<struct P384PrivateKeyTag, 48>;  // big-endian

  // INVALID: 0, or not below the group's order.
  [[nodiscard]] static auto from(const Bytes& bytes) noexcept -> Result<P384PrivateKey>;

  [[nodiscard]] auto public_key() const noexcept -> const P384PublicKey& { return public_key_; }
  // In constant time for messages of equal length. An error would need a broken machine (see kCandidates).
  [[nodiscard]] auto sign(Pieces message) const noexcept -> Result<P384Signature>;

 private:
  P384PrivateKey() noexcept = default;
  Bytes scalar_;
  P384PublicKey public_key_;
};

// A signature as OpenSSL and X.509 write it: the DER of SEQUENCE { INTEGER r, INTEGER s } (RFC 3279 2.2.3). INVALID:
// anything but its only encoding, or numbers of more than 384 bits; verify() checks the rest.
[[nodiscard]] auto signature_from_der(ByteView der) noexcept -> Result<P384Signature>;

}  // namespace redoubt::crypto
