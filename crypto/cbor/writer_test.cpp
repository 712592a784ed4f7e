// SPDX-License-Identifier: Apache-2.0
#include "crypto/cbor/writer.hpp"

#include <gtest/gtest.h>

#include "crypto/cbor/validate.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto::cbor {
namespace {

template <class Write>
auto written(Write write) -> std::string {
  std::array<std::byte, 200> out{};
  Writer writer{out};
  write(writer);
  const auto result = writer.finish();
  return result ? hex(*result) : "error " + std::to_string(status_of(result.error()));
}

TEST(CborWriter, bad_what_a_reader_would_refuse) {
  const std::string invalid = "error -2", full = "error -4";
  EXPECT_EQ(written([](Writer&) {}), invalid);
  EXPECT_EQ(written([](Writer& w) { w.null().null(); }), invalid);
  EXPECT_EQ(written([](Writer& w) { w.array(2).null(); }), invalid);
  EXPECT_EQ(written([](Writer& w) { w.map(2).integer(2).null().integer(1).null(); }), invalid);
  EXPECT_EQ(written([](Writer& w) { w.text("\xff"); }), invalid);
  EXPECT_EQ(written([](Writer& w) { w.bytes(Bytes(198)); }).size(), 400U);  // head of two bytes: just fits
  EXPECT_EQ(written([](Writer& w) { w.bytes(Bytes(199)); }), full);
  EXPECT_EQ(written([](Writer& w) { w.array(2).bytes(Bytes(300)).null(); }), full);  // once full, for ever
}

// Whatever bytes come in: no crash, no access out of bounds (the sanitizers watch), and what is accepted is the encoding
// that the writer makes of it. Mutations of a valid document reach deeper than noise.
TEST(Cbor, good_random_input_is_refused_or_deterministic) {
  std::mt19937_64 random{1};
  const Bytes seed = from_hex("d28443a10126a10441318301820203a301f4204101616102 63e6b0b4");
  ASSERT_TRUE(first_item(seed));
  int valid = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes input = round % 2 == 0 ? seed : random_bytes(random, 1 + random() % 12);
    for (std::uint64_t edits = random() % 3; edits != 0; --edits) {
      input[random() % input.size()] = static_cast<std::byte>(random());
    }
    const auto first = first_item(input);
    if (!first) continue;
    ++valid;
    Bytes rest{first->begin(), first->end()};
    ByteView view{rest};
    Bytes again;
    while (!view.empty()) {
      const auto head = take_head(view);
      ASSERT_TRUE(head);
      again = again + EncodedHead{*head}.bytes();
      if (head->major != Major::BYTES && head->major != Major::TEXT) continue;
      again = again + view.first(head->argument);
      view = view.subspan(head->argument);
    }
    ASSERT_EQ(hex(again), hex(*first));
  }
  EXPECT_GT(valid, 1000);
}

}  // namespace
}  // namespace redoubt::crypto::cbor
