// SPDX-License-Identifier: Apache-2.0
#include "crypto/realm_measurement.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "crypto/testing/hex.hpp"

namespace redoubt::crypto {
namespace {

constexpr std::uint64_t kRam = 0x4000'0000;
constexpr std::uint64_t k2M = 0x20'0000, k1G = 0x4000'0000;

using Page = std::array<std::byte, kPageSize>;
using Gprs = std::array<std::uint64_t, 8>;

// The digest alone, after checking that the other half of the 64 bytes is zero.
auto digest_of(const RealmMeasurements& chain, unsigned index) -> std::string {
  const std::span value{chain.value[index]};
  EXPECT_EQ(hex(value.last(32)), std::string(64, '0'));
  return hex(value.first(32));
}

// The same algorithm on flat images with OpenSSL: what a verifier would write.
class Reference {
 public:
  explicit Reference(std::uint32_t s2sz) {
    std::vector<unsigned char> parameters(4096);
    std::memcpy(&parameters[8], &s2sz, 4);
    rim_ = hash(parameters);
  }
  void ripas(std::uint64_t base, std::uint64_t top) {
    auto d = descriptor(2);
    std::memcpy(&d[0x50], &base, 8);
    std::memcpy(&d[0x58], &top, 8);
    rim_ = hash(d);
  }
  void data(std::uint64_t ipa, const Page& content) {
    auto d = descriptor(0);
    const auto* first = reinterpret_cast<const unsigned char*>(content.data());
    std::memcpy(&d[0x50], &ipa, 8);
    d[0x58] = 1;
    std::memcpy(&d[0x60], hash({first, first + kPageSize}).data(), 32);
    rim_ = hash(d);
  }
  void rec(std::uint64_t pc, const Gprs& gprs) {
    std::vector<unsigned char> parameters(4096);
    parameters[0] = 1;
    std::memcpy(&parameters[0x200], &pc, 8);
    std::memcpy(&parameters[0x300], gprs.data(), 64);
    auto d = descriptor(1);
    std::memcpy(&d[0x50], hash(parameters).data(), 32);
    rim_ = hash(d);
  }
  [[nodiscard]] auto rim() const -> std::string { return hex(std::as_bytes(std::span{rim_})); }

 private:
  static auto hash(const std::vector<unsigned char>& image) -> std::vector<unsigned char> {
    std::vector<unsigned char> digest(32);
    EXPECT_EQ(EVP_Digest(image.data(), image.size(), digest.data(), nullptr, EVP_sha256(), nullptr), 1);
    return digest;
  }
  [[nodiscard]] auto descriptor(unsigned char type) const -> std::vector<unsigned char> {
    std::vector<unsigned char> d(256);
    d[0] = type;
    d[9] = 1;  // length 0x100
    std::ranges::copy(rim_, d.begin() + 0x10);
    return d;
  }
  std::vector<unsigned char> rim_;
};

// Each value was computed independently of this program from the text of DEN0137.
TEST(RealmMeasurement, good_known_chain) {
  RealmMeasurements chain;
  std::memset(&chain, 0xa5, sizeof(chain));  // begin leaves nothing of a former VM
  begin_measurement(chain, 40);
  EXPECT_EQ(digest_of(chain, 0), "69c7b37493bb272a73b5540b00de2ddd1d891a6e74f927f9969ce59868b67fd3");
  for (unsigned index = 1; index < kRealmMeasurements; ++index)
    EXPECT_EQ(digest_of(chain, index), std::string(64, '0'));
  measure_ram(chain, Ipa{kRam}, Ipa{kRam + k2M});
  EXPECT_EQ(digest_of(chain, 0), "8809d5b652ffea9e0dc779cfc2b8cb0751392d0a28910aae3c4914d1e7f49fc2");
  measure_page(chain, Ipa{kRam}, Page{});
  EXPECT_EQ(digest_of(chain, 0), "beae07a5867fd41c529373f966e2feec6fb65bcc338c636348d437907ba72e65");
  measure_boot_vcpu(chain, kRam, Gprs{0x4800'0000});
  EXPECT_EQ(digest_of(chain, 0), "2aa93fc1297d6e18c79f90eedde5707131a89a11ac7007670dbd1af74d21c328");
}

TEST(RealmMeasurement, good_extend_known_value_touches_one_index) {
  std::array<std::byte, 32> value{};
  value.fill(std::byte{'A'});
  for (unsigned index = 1; index < kRealmMeasurements; ++index) {
    RealmMeasurements chain;
    begin_measurement(chain, 40);
    const auto before = chain;
    extend_measurement(chain, index, value);
    EXPECT_EQ(digest_of(chain, index), "1f1a947c8da51017ff4666fd2d32d58af59ce6a749437971f6a93b30146151e1");
    for (unsigned other = 0; other < kRealmMeasurements; ++other) {
      if (other != index) EXPECT_EQ(chain.value[other], before.value[other]);
    }
  }
}

// A zero-length extension is allowed, 64 bytes are the most, and the second hashes the first's digest.
TEST(RealmMeasurement, good_extend_by_every_size) {
  std::array<std::byte, kMeasurementBytes> value{};
  value.fill(std::byte{7});
  for (std::size_t size = 0; size <= value.size(); ++size) {
    RealmMeasurements chain;
    begin_measurement(chain, 40);
    std::vector<std::byte> message(32);
    for (int round = 0; round < 2; ++round) {
      extend_measurement(chain, 1, std::span{value}.first(size));
      message.insert(message.end(), value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size));
      const auto expected = sha256(message);
      EXPECT_EQ(digest_of(chain, 1), hex(expected));
      message.assign(expected.begin(), expected.end());
    }
  }
}

TEST(RealmMeasurement, good_ram_goes_by_largest_aligned_blocks) {
  using Pieces = std::vector<std::uint64_t>;  // sizes, ascending by address
  const std::vector<std::pair<std::uint64_t, Pieces>> cases{
      {kRam, {}},
      {kRam, {k1G, k1G}},
      {kRam, {k1G, k2M, kPageSize}},
      {kRam + k1G - kPageSize, {kPageSize, k1G, kPageSize}},
      {kRam + k1G - k2M - kPageSize, {kPageSize, k2M, k1G, k2M, k2M, kPageSize, kPageSize}},
      {k2M - 2 * kPageSize, {kPageSize, kPageSize, k2M}},
      {std::uint64_t{0}, Pieces(511, k2M)},  // one block short of a gigabyte
      {kPageSize, Pieces(511, kPageSize)},   // as long as a block, but for its first page
  };
  for (const auto& [base, pieces] : cases) {
    RealmMeasurements chain;
    begin_measurement(chain, 40);
    Reference reference{40};
    std::uint64_t at = base;
    for (const auto size : pieces) {
      reference.ripas(at, at + size);
      at += size;
    }
    measure_ram(chain, Ipa{base}, Ipa{at});
    EXPECT_EQ(digest_of(chain, 0), reference.rim()) << std::hex << base << ".." << at;
  }
}

TEST(RealmMeasurement, good_random_chains_agree_with_flat_images) {
  std::mt19937_64 random{5};
  for (int round = 0; round < 50; ++round) {
    const auto ipa_bits = static_cast<unsigned>(32 + random() % 17);
    RealmMeasurements chain;
    begin_measurement(chain, ipa_bits);
    Reference reference{ipa_bits};
    for (int page = 0; page < 4; ++page) {
      Page content;
      std::ranges::generate(content, [&] { return static_cast<std::byte>(random()); });
      const std::uint64_t at = random() % (1 << 20) * kPageSize;
      measure_page(chain, Ipa{at}, content);
      reference.data(at, content);
    }
    Gprs gprs;
    std::ranges::generate(gprs, std::ref(random));
    const std::uint64_t pc = random();
    measure_boot_vcpu(chain, pc, gprs);
    reference.rec(pc, gprs);
    EXPECT_EQ(digest_of(chain, 0), reference.rim());
  }
}

TEST(RealmMeasurement, bad_any_difference_shows) {
  const auto measure = [](unsigned bits, std::uint64_t top, std::uint64_t at, std::byte first, std::uint64_t x7) {
    RealmMeasurements chain;
    begin_measurement(chain, bits);
    measure_ram(chain, Ipa{kRam}, Ipa{top});
    Page content{};
    content.back() = first;
    measure_page(chain, Ipa{at}, content);
    measure_boot_vcpu(chain, at, Gprs{0, 0, 0, 0, 0, 0, 0, x7});
    return chain.value[0];
  };
  const auto usual = measure(40, kRam + k2M, kRam, std::byte{1}, 0);
  EXPECT_EQ(usual, measure(40, kRam + k2M, kRam, std::byte{1}, 0));
  EXPECT_NE(usual, measure(41, kRam + k2M, kRam, std::byte{1}, 0));
  EXPECT_NE(usual, measure(40, kRam + 2 * k2M, kRam, std::byte{1}, 0));
  EXPECT_NE(usual, measure(40, kRam + k2M, kRam + kPageSize, std::byte{1}, 0));
  EXPECT_NE(usual, measure(40, kRam + k2M, kRam, std::byte{2}, 0));
  EXPECT_NE(usual, measure(40, kRam + k2M, kRam, std::byte{1}, 1));
}

TEST(RealmMeasurement, good_read_gives_little_endian_words) {
  RealmMeasurements chain;
  begin_measurement(chain, 40);
  for (unsigned n = 0; n < kMeasurementBytes; ++n) chain.value[2][n] = static_cast<std::byte>(n);
  const auto words = read_measurement(chain, 2);
  EXPECT_EQ(words[0], 0x0706'0504'0302'0100U);
  EXPECT_EQ(words[7], 0x3f3e'3d3c'3b3a'3938U);
}

}  // namespace
}  // namespace redoubt::crypto
