// SPDX-License-Identifier: Apache-2.0
// Authenticated encryption with associated data: AEAD_CHACHA20_POLY1305 (RFC 8439 2.8), in place.
//
// One key must never see one nonce twice with different texts: it would give both texts and the authenticator away.
#pragma once

#include <cstdint>

#include "crypto/bytes.hpp"

namespace redoubt::crypto {

using AeadKey = SecretBytes<struct AeadKeyTag, 32>;
using AeadNonce = PublicBytes<struct AeadNonceTag, 12>;
using AeadTag = PublicBytes<struct AeadTagTag, 16>;

// The block counter has 32 bits and starts at 1.
inline constexpr std::uint64_t kAeadMaxText = std::uint64_t{0xffff'ffff} * 64;

// Encrypts `text`; keep the tag with it. INVALID: longer than kAeadMaxText; nothing has changed.
[[nodiscard]] auto seal(const AeadKey& key, const AeadNonce& nonce, ByteView associated,
                        std::span<std::byte> text) noexcept -> Result<AeadTag>;

// Decrypts `text` if key, nonce, associated data, text and tag belong together. PERM: they do not; INVALID: too long.
// With an error `text` is unchanged, so that nobody works with plain text that nobody vouches for. The text must be the
// caller's alone: it is read twice.
[[nodiscard]] auto open(const AeadKey& key, const AeadNonce& nonce, ByteView associated, std::span<std::byte> text,
                        const AeadTag& tag) noexcept -> Result<>;

}  // namespace redoubt::crypto
