// SPDX-License-Identifier: Apache-2.0
// The arithmetic under both curves against OpenSSL's, with the values at the edges of each modulus.
#include "crypto/wide/residue.hpp"

#include "crypto/ed25519/curve.hpp"
#include "crypto/p384/curve.hpp"
#include "crypto/testing/openssl.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto {
namespace {

template <std::size_t N>
auto bytes_of(const Limbs<N>& value) -> Bytes {
  Bytes bytes(8 * N);
  store_limbs_big<N>(std::span{bytes}.template first<8 * N>(), value);
  return bytes;
}

auto number(const Bytes& bytes) -> openssl::Number {
  return openssl::Number{BN_bin2bn(openssl::raw(bytes), static_cast<int>(bytes.size()), nullptr)};
}

auto text(const BIGNUM* value, std::size_t size) -> std::string {
  Bytes bytes(size);
  EXPECT_EQ(BN_bn2binpad(value, openssl::raw(std::span{bytes}), static_cast<int>(size)), static_cast<int>(size));
  return hex(bytes);
}

template <class T>
class ResidueTest : public testing::Test {
 protected:
  static constexpr std::size_t kLimbs = T::kLimbs;
  using Value = typename T::Value;

  // Small, all ones, around the modulus and around half of it, then random ones.
  auto values(const Value& modulus) -> std::vector<Value> {
    std::vector<Value> list{Value{}, Value{1}, Value{2}};
    Value ones, top{};
    ones.fill(~std::uint64_t{0});
    top[kLimbs - 1] = std::uint64_t{1} << 63;
    list.insert(list.end(), {ones, top, modulus, subtract(modulus, Value{1}).value, subtract(modulus, Value{2}).value,
                             add(modulus, Value{1}).value});
    for (int n = 0; n < 12; ++n) {
      Value value;
      for (auto& limb : value) limb = random_() % 4 == 0 ? (random_() % 2 == 0 ? 0 : ~std::uint64_t{0}) : random_();
      list.push_back(value);
    }
    return list;
  }

  std::mt19937_64 random_{5};
};

using Moduli = testing::Types<ed25519::Field, ed25519::Scalar, p384::Field, p384::Scalar>;
TYPED_TEST_SUITE(ResidueTest, Moduli);

// The modulus, as what must be added to -1 and 1 to get there.
template <class T>
auto modulus_of() -> typename T::Value {
  return add((-T::one()).value(), typename T::Value{1}).value;
}

TYPED_TEST(ResidueTest, good_sums_and_products_agree_with_openssl) {
  const auto modulus = modulus_of<TypeParam>();
  const auto m = number(bytes_of(modulus));
  const std::unique_ptr<BN_CTX, openssl::Free<BN_CTX_free>> context{BN_CTX_new()};
  const openssl::Number out{BN_new()};
  const auto list = this->values(modulus);
  for (const auto& a : list) {
    for (const auto& b : list) {
      const auto x = TypeParam::reduced(a), y = TypeParam::reduced(b);
      const auto big_a = number(bytes_of(a)), big_b = number(bytes_of(b));
      BN_mod_mul(out.get(), big_a.get(), big_b.get(), m.get(), context.get());
      ASSERT_EQ(hex(bytes_of((x * y).value())), text(out.get(), TypeParam::kBytes));
      BN_mod_add(out.get(), big_a.get(), big_b.get(), m.get(), context.get());
      ASSERT_EQ(hex(bytes_of((x + y).value())), text(out.get(), TypeParam::kBytes));
      BN_mod_sub(out.get(), big_a.get(), big_b.get(), m.get(), context.get());
      ASSERT_EQ(hex(bytes_of((x - y).value())), text(out.get(), TypeParam::kBytes));
      const auto wide = number(bytes_of(b) + bytes_of(a));  // b is the high half
      BN_nnmod(out.get(), wide.get(), m.get(), context.get());
      ASSERT_EQ(hex(bytes_of(TypeParam::reduced(a, b).value())), text(out.get(), TypeParam::kBytes));
    }
  }
}

TYPED_TEST(ResidueTest, good_inverses) {
  int inverted = 0;
  for (const auto& a : this->values(modulus_of<TypeParam>())) {
    const auto x = TypeParam::reduced(a);
    if (x == TypeParam{}) {
      EXPECT_EQ(x.inverse(), TypeParam{});
      continue;
    }
    EXPECT_EQ(x * x.inverse(), TypeParam::one());
    ++inverted;
  }
  EXPECT_GT(inverted, 12);
}

TYPED_TEST(ResidueTest, bad_values_from_the_modulus_on_are_refused) {
  const auto modulus = modulus_of<TypeParam>();
  using Value = typename TypeParam::Value;
  EXPECT_TRUE(TypeParam::from(subtract(modulus, Value{1}).value));
  EXPECT_EQ(TypeParam::from(modulus).error(), Error::INVALID);
  EXPECT_EQ(TypeParam::from(add(modulus, Value{1}).value).error(), Error::INVALID);
  Value ones;
  ones.fill(~std::uint64_t{0});
  EXPECT_EQ(TypeParam::from(ones).error(), Error::INVALID);
}

TEST(Modulus, good_the_standards_decimal_forms) {
  // 2^255 - 19; 2^252 + 27742317777372353535851937790883648493; 2^384 - 2^128 - 2^96 + 2^32 - 1.
  const openssl::Number one{BN_new()}, value{BN_new()}, term{BN_new()};
  BN_one(one.get());
  BN_lshift(value.get(), one.get(), 255);
  BN_sub_word(value.get(), 19);
  EXPECT_EQ(text(value.get(), 32), hex(bytes_of(ed25519::kFieldModulus.value)));
  BN_lshift(value.get(), one.get(), 252);
  BIGNUM* rest = term.get();
  BN_dec2bn(&rest, "27742317777372353535851937790883648493");
  BN_add(value.get(), value.get(), term.get());
  EXPECT_EQ(text(value.get(), 32), hex(bytes_of(ed25519::kGroupOrder.value)));
  BN_lshift(value.get(), one.get(), 384);
  for (const int bit : {128, 96}) {
    BN_lshift(term.get(), one.get(), bit);
    BN_sub(value.get(), value.get(), term.get());
  }
  BN_lshift(term.get(), one.get(), 32);
  BN_add(value.get(), value.get(), term.get());
  BN_sub_word(value.get(), 1);
  EXPECT_EQ(text(value.get(), 48), hex(bytes_of(p384::kFieldModulus.value)));
}

}  // namespace
}  // namespace redoubt::crypto
