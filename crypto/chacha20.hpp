// SPDX-License-Identifier: Apache-2.0
// ChaCha20 block function (RFC 8439 2.3). Constant time: only additions, rotations and exclusive-ors.
#pragma once

#include <array>
#include <cstdint>

namespace redoubt::crypto {

using ChaChaKey = std::array<std::uint32_t, 8>;
using ChaChaNonce = std::array<std::uint32_t, 3>;
using ChaChaBlock = std::array<std::uint32_t, 16>;  // 64 bytes of key stream, little-endian words

[[nodiscard]] auto chacha20_block(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce) noexcept
    -> ChaChaBlock;

}  // namespace redoubt::crypto
