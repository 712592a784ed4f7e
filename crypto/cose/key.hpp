// SPDX-License-Identifier: Apache-2.0
// Public keys of the two signature algorithms, and as COSE_Key (RFC 9052 7, RFC 9053 7).
#pragma once

#include <variant>

#include "crypto/cbor/writer.hpp"
#include "crypto/ed25519/ed25519.hpp"
#include "crypto/p384/ecdsa.hpp"

namespace redoubt::crypto::cose {

// RFC 9053 2: numbers of the IANA registry "COSE Algorithms".
enum class Algorithm : std::int64_t { EDDSA = -8, ES384 = -35 };

using PublicKey = std::variant<Ed25519PublicKey, P384PublicKey>;

[[nodiscard]] auto algorithm_of(const PublicKey& key) noexcept -> Algorithm;

// Writes the COSE_Key as one item. Ed25519 in the form of Open DICE's certificates (with algorithm and "verify" as its
// only operation), P-384 in that of CCA's realm tokens (type, curve and coordinates).
void write_key(cbor::Writer& writer, const PublicKey& key) noexcept;

// INVALID: not a deterministic COSE_Key, a coordinate missing or of the wrong length, an algorithm that is not this
// key's, operations without "verify". NOT_SUPPORTED: another key type or curve. Labels that say nothing about
// verification are skipped. Whether the point is on its curve, verify() checks.
[[nodiscard]] auto read_key(ByteView encoded) noexcept -> Result<PublicKey>;

}  // namespace redoubt::crypto::cose
