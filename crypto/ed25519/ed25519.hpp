// SPDX-License-Identifier: Apache-2.0
// Ed25519 signatures (RFC 8032 5.1, the pure variant).
//
// RFC 8032 leaves verifiers room to disagree. This one accepts (R, S) for public key A and message M if and only if
//   - A is the canonical encoding of a point (y < 2^255 - 19, no negative zero) whose order does not divide 8;
//   - S < L;
//   - R is, byte for byte, the encoding of the point S B - H(R, A, M) A (no multiplication by the cofactor), hence
//     canonical too, and the order of that point does not divide 8.
// A signature that follows RFC 8032 is always accepted; a key of mixed order is not refused.
#pragma once

#include "crypto/bytes.hpp"

namespace redoubt::crypto {

using Ed25519PublicKey = PublicBytes<struct Ed25519PublicKeyTag, 32>;
using Ed25519Signature = PublicBytes<struct Ed25519SignatureTag, 64>;
using Ed25519Seed = SecretBytes<struct Ed25519SeedTag, 32>;  // RFC 8032's private key: any 32 bytes

// INVALID: the key or S is not as above. PERM: the signature does not belong to this key and message.
[[nodiscard]] auto verify(const Ed25519PublicKey& key, Pieces message, const Ed25519Signature& signature) noexcept
    -> Result<>;

// A key ready to sign. It holds its own public key: signing under another one would give the secret away.
class Ed25519PrivateKey {
 public:
  explicit Ed25519PrivateKey(const Ed25519Seed& seed) noexcept;

  [[nodiscard]] auto public_key() const noexcept -> const Ed25519PublicKey& { return public_key_; }
  // Deterministic and in constant time for messages of equal length. Reads the message twice: it must not change.
  [[nodiscard]] auto sign(Pieces message) const noexcept -> Ed25519Signature;

 private:
  SecretBytes<struct ScalarTag, 32> scalar_;  // RFC 8032's s modulo L
  SecretBytes<struct PrefixTag, 32> prefix_;
  Ed25519PublicKey public_key_;
};

}  // namespace redoubt::crypto
