// SPDX-License-Identifier: Apache-2.0
#include "crypto/hkdf.hpp"

#include <cstdint>

namespace redoubt::crypto {

template <class Hash>
Hkdf<Hash>::Hkdf(ByteView salt, ByteView key_material) noexcept {
  Hmac<Hash> extract{salt};
  extract.update(key_material);
  key_ = extract.finish();
}

template <class Hash>
auto Hkdf<Hash>::expand(ByteView info, std::span<std::byte> out) const noexcept -> Result<> {
  if (out.size() > kMaxOutput) return Unexpected{Error::INVALID};
  Wiped<typename Hash::Digest> block;
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    Hmac<Hash> hmac{key_};
    if (counter > 1) hmac.update(*block);
    hmac.update(info);
    hmac.update(std::as_bytes(std::span{&counter, 1}));
    *block = hmac.finish();
    const std::size_t taken = std::min(block->size(), out.size());
    std::ranges::copy(ByteView{*block}.first(taken), out.begin());
    out = out.subspan(taken);
  }
  return {};
}

template class Hkdf<Sha256>;
template class Hkdf<Sha384>;
template class Hkdf<Sha512>;

}  // namespace redoubt::crypto
