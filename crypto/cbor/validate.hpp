// SPDX-License-Identifier: Apache-2.0
// Whether bytes are CBOR as crypto/cbor/reader.hpp accepts it. Reader and writer share this judgement.
#pragma once

#include "crypto/cbor/head.hpp"

namespace redoubt::crypto::cbor {

// Takes one head off the front. INVALID: too short, not in its shortest form, indefinite or reserved length.
[[nodiscard]] auto take_head(ByteView& from) noexcept -> Result<Head>;

// The first item of `input`, with everything in it: its encoding. INVALID: none, or not acceptable. Bounded time (linear
// in the input) and memory.
[[nodiscard]] auto first_item(ByteView input) noexcept -> Result<ByteView>;

// RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] auto is_utf8(ByteView text) noexcept -> bool;

}  // namespace redoubt::crypto::cbor
