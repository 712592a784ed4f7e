// SPDX-License-Identifier: Apache-2.0
// COSE_Sign1 (RFC 9052 4.2) with EdDSA over Ed25519 or ES384: certificates of DICE chains and attestation tokens.
#pragma once

#include "crypto/cose/key.hpp"

namespace redoubt::crypto::cose {

// Tag 18 in front (RFC 9052 2). Where a document's place says what it is, as in DICE chains, there is none.
enum class Tagging : std::uint8_t { TAGGED, UNTAGGED };

// A message as parsed: nothing of it is trusted before verify(). The views point into the parsed bytes.
struct Sign1 {
  Algorithm algorithm;
  ByteView protected_header;    // the content of its byte string
  ByteView unprotected_header;  // the encoded map: not signed
  ByteView payload;
  ByteView signature;
};

// INVALID: not deterministic CBOR of this shape; tag missing or not expected; the payload is detached; the algorithm is
// not in the protected header alone; a critical header ("crit", RFC 9052 3.1: understood or refused, and none is
// understood). NOT_SUPPORTED: another algorithm.
[[nodiscard]] auto parse(ByteView encoded, Tagging tagging) noexcept -> Result<Sign1>;

// INVALID: the message's algorithm is not the key's (the message may not choose), malformed key or signature. PERM: not
// signed by this key with this external data.
[[nodiscard]] auto verify(const Sign1& message, const PublicKey& key, ByteView external) noexcept -> Result<>;

// Writes the message into `out` and answers how it begins there. NO_MEMORY: it does not fit. `payload` must not overlap
// `out`. The only header is the algorithm.
[[nodiscard]] auto sign(const Ed25519PrivateKey& key, ByteView payload, ByteView external, Tagging tagging,
                        std::span<std::byte> out) noexcept -> Result<ByteView>;
[[nodiscard]] auto sign(const P384PrivateKey& key, ByteView payload, ByteView external, Tagging tagging,
                        std::span<std::byte> out) noexcept -> Result<ByteView>;

}  // namespace redoubt::crypto::cose
