// SPDX-License-Identifier: Apache-2.0
// OpenSSL as the reference: its objects with owners, and its functions on spans.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>

#include "crypto/testing/hex.hpp"

namespace redoubt::crypto::openssl {

template <auto kFree>
struct Free {
  void operator()(auto* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

inline auto raw(std::span<const std::byte> bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
inline auto raw(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

inline auto digest(const EVP_MD* kind, std::span<const std::byte> message) -> Bytes {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(kind)));
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), raw(std::span{out}), nullptr, kind, nullptr), 1);
  return out;
}

// kind: nullptr for keys that bring their own hash.
inline auto sign(EVP_PKEY* key, const EVP_MD* kind, std::span<const std::byte> message) -> Bytes {
  const DigestContext context{EVP_MD_CTX_new()};
  std::size_t size = 256;
  Bytes out(size);
  EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, kind, nullptr, key), 1);
  EXPECT_EQ(EVP_DigestSign(context.get(), raw(std::span{out}), &size, raw(message), message.size()), 1);
  out.resize(size);
  return out;
}

inline auto verifies(EVP_PKEY* key, const EVP_MD* kind, std::span<const std::byte> message,
                     std::span<const std::byte> signature) -> bool {
  const DigestContext context{EVP_MD_CTX_new()};
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, kind, nullptr, key), 1);
  return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

}  // namespace redoubt::crypto::openssl
