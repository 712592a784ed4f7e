// SPDX-License-Identifier: Apache-2.0
#include "crypto/wipe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "crypto/bytes.hpp"
#include "crypto/constant_time.hpp"
#include "crypto/hmac.hpp"

namespace redoubt::crypto {
namespace {

using Secret = SecretBytes<struct TestTag, 32>;

// Storage that outlives the object made in it, so that a test may look at what the object left.
template <class T>
class Remains {
 public:
  template <class... Args>
  explicit Remains(Args&&... args) : object_(new(bytes_.data()) T(std::forward<Args>(args)...)) {}
  auto operator->() -> T* { return object_; }
  auto operator*() -> T& { return *object_; }
  [[nodiscard]] auto non_zero() const -> std::ptrdiff_t {
    return std::ranges::count_if(bytes_, [](std::byte byte) { return byte != std::byte{0}; });
  }
  void destroy() { std::destroy_at(object_); }

 private:
  alignas(T) std::array<std::byte, sizeof(T)> bytes_{};
  T* object_;
};

TEST(Wipe, good_clears_every_byte_and_no_other) {
  std::array<std::byte, 40> bytes;
  bytes.fill(std::byte{0xa5});
  wipe(std::span{bytes}.subspan(4, 32));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(bytes[n], n < 4 || n >= 36 ? std::byte{0xa5} : std::byte{0}) << n;
  }
  wipe({});
}

TEST(Wipe, good_secrets_leave_nothing_behind) {
  std::array<std::byte, 32> value;
  value.fill(std::byte{0xa5});
  Remains<Secret> secret{std::span<const std::byte, 32>{value}};
  EXPECT_EQ(secret.non_zero(), 32);
  secret.destroy();
  EXPECT_EQ(secret.non_zero(), 0);
}

TEST(Wipe, good_a_moved_secret_is_in_one_place) {
  std::array<std::byte, 32> value;
  value.fill(std::byte{0xa5});
  Remains<Secret> from{std::span<const std::byte, 32>{value}};
  Secret to{std::move(*from)};
  EXPECT_EQ(from.non_zero(), 0);
  EXPECT_TRUE(std::ranges::equal(to.reveal(), value));
  Secret third;
  third = std::move(to);
  EXPECT_TRUE(std::ranges::equal(third.reveal(), value));
}

TEST(Wipe, good_keyed_hashes_leave_nothing_behind) {
  Remains<Hmac<Sha512>> hmac{ByteView{std::as_bytes(std::span{"a key"})}};
  EXPECT_GT(hmac.non_zero(), 100);
  hmac.destroy();
  EXPECT_EQ(hmac.non_zero(), 0);
}

TEST(ConstantTime, good_masks_and_comparison) {
  EXPECT_EQ(mask_of(0), 0U);
  EXPECT_EQ(mask_of(1), ~std::uint64_t{0});
  for (const std::uint64_t value :
       {std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{0x8000}}) {
    EXPECT_EQ(zero_bit(value), 0U);
  }
  EXPECT_EQ(zero_bit(0), 1U);
  std::array<std::byte, 17> a{}, b{};
  EXPECT_TRUE(equal_secrets(a, b));
  EXPECT_FALSE(equal_secrets(a, std::span{b}.first(16)));
  for (std::size_t n = 0; n < a.size() * 8; ++n) {
    b[n / 8] ^= std::byte{1} << (n % 8);
    EXPECT_FALSE(equal_secrets(a, b)) << n;
    b[n / 8] ^= std::byte{1} << (n % 8);
  }
}

}  // namespace
}  // namespace redoubt::crypto
