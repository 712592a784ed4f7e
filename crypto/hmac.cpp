// SPDX-License-Identifier: Apache-2.0
#include "crypto/hmac.hpp"

namespace redoubt::crypto {

// RFC 2104 2: both hashes begin with the key, padded to a block, under two different masks.
template <class Hash>
Hmac<Hash>::Hmac(ByteView key) noexcept {
  constexpr std::byte kInnerPad{0x36}, kOuterPad{0x5c};
  Wiped<std::array<std::byte, Hash::kBlockBytes>> block;
  if (key.size() > block->size()) {
    Wiped<Hash> hash;
    hash->update(key);
    const Wiped<typename Hash::Digest> digest{hash->finish()};
    std::ranges::copy(*digest, block->begin());
  } else {
    std::ranges::copy(key, block->begin());
  }
  for (auto& byte : *block) byte ^= kInnerPad;
  inner_.update(*block);
  for (auto& byte : *block) byte ^= kInnerPad ^ kOuterPad;
  outer_.update(*block);
}

template <class Hash>
Hmac<Hash>::~Hmac() noexcept {
  wipe_object(inner_);
  wipe_object(outer_);
}

template <class Hash>
auto Hmac<Hash>::finish() noexcept -> Tag {
  const Wiped<Tag> inner{inner_.finish()};
  outer_.update(*inner);
  return outer_.finish();
}

template class Hmac<Sha256>;
template class Hmac<Sha384>;
template class Hmac<Sha512>;

}  // namespace redoubt::crypto
