// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.hpp"

#include "crypto/byte_order.hpp"
#include "crypto/chacha20.hpp"
#include "crypto/constant_time.hpp"
#include "crypto/poly1305.hpp"

namespace redoubt::crypto {
namespace {

constexpr std::size_t kStreamBytes = 64;

// The key stream of one key and nonce.
class Stream {
 public:
  Stream(const AeadKey& key, const AeadNonce& nonce) noexcept {
    for (std::size_t n = 0; n < key_->size(); ++n) {
      (*key_)[n] = load_little<std::uint32_t>(key.reveal().subspan(4 * n).first<4>());
    }
    const ByteView bytes{nonce.bytes};
    for (std::size_t n = 0; n < nonce_.size(); ++n) {
      nonce_[n] = load_little<std::uint32_t>(bytes.subspan(4 * n).first<4>());
    }
  }

  // RFC 8439 2.6: the first half of block 0.
  [[nodiscard]] auto authenticator_key() const noexcept -> Poly1305Key {
    const Wiped<ChaChaBlock> block{chacha20_block(*key_, 0, nonce_)};
    Poly1305Key key;
    for (std::size_t n = 0; n < 8; ++n) store_little(key.fill().subspan(4 * n).first<4>(), (*block)[n]);
    return key;
  }

  // RFC 8439 2.4.
  void apply(std::span<std::byte> text) const noexcept {
    for (std::uint32_t counter = 1; !text.empty(); ++counter) {
      const Wiped<ChaChaBlock> block{chacha20_block(*key_, counter, nonce_)};
      const std::size_t taken = std::min(kStreamBytes, text.size());
      for (std::size_t n = 0; n < taken; ++n) {
        text[n] ^= static_cast<std::byte>(((*block)[n / 4] >> (8 * (n % 4))) & 0xff);
      }
      text = text.subspan(taken);
    }
  }

 private:
  Wiped<ChaChaKey> key_;
  ChaChaNonce nonce_{};
};

// RFC 8439 2.8: over the associated data and the encrypted text, each padded to whole blocks, and their lengths.
[[nodiscard]] auto tag_of(const Stream& stream, ByteView associated, ByteView text) noexcept -> AeadTag {
  Poly1305 authenticator{stream.authenticator_key()};
  authenticator.update(associated);
  authenticator.pad_to_block();
  authenticator.update(text);
  authenticator.pad_to_block();
  std::array<std::byte, 16> lengths;
  store_little(std::span{lengths}.first<8>(), std::uint64_t{associated.size()});
  store_little(std::span{lengths}.last<8>(), std::uint64_t{text.size()});
  authenticator.update(lengths);
  return {authenticator.finish().bytes};
}

}  // namespace

auto seal(const AeadKey& key, const AeadNonce& nonce, ByteView associated, std::span<std::byte> text) noexcept
    -> Result<AeadTag> {
  if (text.size() > kAeadMaxText) return Unexpected{Error::INVALID};
  const Stream stream{key, nonce};
  stream.apply(text);
  return tag_of(stream, associated, text);
}

auto open(const AeadKey& key, const AeadNonce& nonce, ByteView associated, std::span<std::byte> text,
          const AeadTag& tag) noexcept -> Result<> {
  if (text.size() > kAeadMaxText) return Unexpected{Error::INVALID};
  const Stream stream{key, nonce};
  if (!equal_secrets(tag_of(stream, associated, text).bytes, tag.bytes)) return Unexpected{Error::PERM};
  stream.apply(text);
  return {};
}

}  // namespace redoubt::crypto
