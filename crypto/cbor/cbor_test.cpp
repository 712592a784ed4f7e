// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "crypto/cbor/reader.hpp"
#include "crypto/cbor/validate.hpp"
#include "crypto/cbor/writer.hpp"
#include "crypto/testing/random.hpp"

namespace redoubt::crypto::cbor {
namespace {

auto accepted(std::string_view text) -> bool { return Reader::over(from_hex(text)).has_value(); }

template <class Write>
auto written(Write write) -> std::string {
  std::array<std::byte, 200> out{};
  Writer writer{out};
  write(writer);
  const auto result = writer.finish();
  return result ? hex(*result) : "error " + std::to_string(status_of(result.error()));
}

struct Integer {
  std::int64_t value;
  std::string_view encoding;
};

// RFC 8949 appendix A, and the largest and smallest of 64 bits.
constexpr Integer kIntegers[] = {{0, "00"},
                                 {1, "01"},
                                 {10, "0a"},
                                 {23, "17"},
                                 {24, "1818"},
                                 {25, "1819"},
                                 {100, "1864"},
                                 {1000, "1903e8"},
                                 {1000000, "1a000f4240"},
                                 {1000000000000, "1b000000e8d4a51000"},
                                 {-1, "20"},
                                 {-10, "29"},
                                 {-100, "3863"},
                                 {-1000, "3903e7"},
                                 {std::numeric_limits<std::int64_t>::max(), "1b7fffffffffffffff"},
                                 {std::numeric_limits<std::int64_t>::min(), "3b7fffffffffffffff"}};

TEST(Cbor, good_integers) {
  for (const auto& [value, encoding] : kIntegers) {
    EXPECT_EQ(written([&](Writer& writer) { writer.integer(value); }), encoding);
    const Bytes bytes = from_hex(encoding);
    auto reader = Reader::over(bytes);
    ASSERT_TRUE(reader) << encoding;
    EXPECT_EQ(reader->integer().value(), value);
    EXPECT_TRUE(reader->at_end());
    EXPECT_EQ(Reader::over(bytes)->unsigned_integer().has_value(), value >= 0);
  }
  EXPECT_EQ(Reader::over(from_hex("1bffffffffffffffff"))->unsigned_integer().value(), ~std::uint64_t{0});
}

TEST(Cbor, bad_integers_of_more_than_64_bits) {
  EXPECT_EQ(Reader::over(from_hex("1b8000000000000000"))->integer().error(), Error::INVALID);
  EXPECT_EQ(Reader::over(from_hex("3b8000000000000000"))->integer().error(), Error::INVALID);
}

// RFC 8949 appendix A: what is left after floats, "undefined" and indefinite lengths.
TEST(Cbor, good_appendix_a_is_accepted) {
  for (const auto* encoding : {"3bffffffffffffffff",
                               "f4",
                               "f5",
                               "f6",
                               "c074323031332d30332d32315432303a30343a30305a",
                               "c11a514b67b0",
                               "d74401020304",
                               "d818456449455446",
                               "40",
                               "4401020304",
                               "60",
                               "6161",
                               "6449455446",
                               "62225c",
                               "62c3bc",
                               "63e6b0b4",
                               "64f0908591",
                               "80",
                               "83010203",
                               "8301820203820405",
                               "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
                               "a0",
                               "a201020304",
                               "a26161016162820203",
                               "826161a161626163",
                               "a56161614161626142616361436164614461656145"}) {
    EXPECT_TRUE(accepted(encoding)) << encoding;
  }
}

// Each of these documents, with blanks between them.
void expect_refused(std::string_view documents) {
  while (!documents.empty()) {
    const auto one = documents.substr(0, documents.find(' '));
    EXPECT_FALSE(accepted(one)) << one;
    documents.remove_prefix(std::min(documents.size(), one.size() + 1));
  }
}

TEST(Cbor, bad_what_is_not_deterministic_or_not_supported) {
  EXPECT_FALSE(accepted(""));
  expect_refused("1800 1817 190000 1900ff 1a0000ffff 1b00000000ffffffff");  // heads longer than needed
  expect_refused("3817 5800 580141 7800 9800 b800 d81700 d9002a00");        // the same for other types
  expect_refused("5f42010243030405ff 7fff 9fff bfff ff 83ff0102");          // indefinite lengths
  expect_refused("f90000 f93c00 fa47c35000 fb3ff199999999999a f97e00");     // floating point
  expect_refused("f7 f0 f3 e0 f818 f820 f8ff f817");                        // other simple values
  expect_refused("1c 1d 1e 1f 3c 5c 7e 9d bc dc fc");                       // reserved
  expect_refused("0000 8000 8301020300");                                   // more than one item
}

TEST(Cbor, bad_map_keys) {
  EXPECT_TRUE(accepted("a3 0101 2002 617a03"));
  EXPECT_TRUE(accepted("a2 1818 00 1901 00 00"));
  EXPECT_FALSE(accepted("a2 0101 0102"));               // a duplicate
  EXPECT_FALSE(accepted("a2 0201 0102"));               // descending
  EXPECT_FALSE(accepted("a2 2001 0102"));               // negative numbers come after positive ones
  EXPECT_FALSE(accepted("a2 626161 00 6162 00"));       // longer strings come after shorter ones
  EXPECT_FALSE(accepted("a1 8001"));                    // an array as key
  EXPECT_FALSE(accepted("a1 a001"));                    // a map as key
  EXPECT_FALSE(accepted("a1 c10101"));                  // a tag as key
  EXPECT_FALSE(accepted("a1 f501"));                    // true as key
  EXPECT_FALSE(accepted("a1 01 a2 02 00 01 00"));       // the order within
  EXPECT_TRUE(accepted("a2 01 a2 01 00 02 00 02 00"));  // an inner map does not disturb the outer one's order
}

TEST(Cbor, bad_truncated_anywhere) {
  const Bytes whole = from_hex("d28443a10126a1044131 58 20" + std::string(64, 'a') + "82 1903e8 63e6b0b4");
  ASSERT_TRUE(Reader::over(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Reader::over(std::span{whole}.first(size))) << size;
  }
}

// Lengths that no input can have: a reader that trusts them loops, overflows or reads past the end.
TEST(Cbor, bad_lengths_larger_than_the_input) {
  for (const char major : {'5', '7', '9', 'b'}) {
    for (const auto* length :
         {"8ff", "9ffff", "affffffff", "bffffffffffffffff", "b8000000000000000", "bfffffffffffffff7"}) {
      EXPECT_FALSE(accepted(major + std::string{length} + "0000")) << major << length;
    }
  }
  EXPECT_FALSE(accepted("82 00"));
  EXPECT_FALSE(accepted("a1 00"));
  EXPECT_FALSE(accepted("bb8000000000000001 0000"));  // twice the count is 2 modulo 2^64
}

TEST(Cbor, bad_nesting_is_bounded) {
  for (const auto* container : {"81", "a100", "c1"}) {
    std::string text;
    for (std::size_t depth = 0; depth < kMaxDepth; ++depth) text += container;
    EXPECT_TRUE(accepted(text + "00")) << container;
    EXPECT_FALSE(accepted(container + text + "00")) << container;
    EXPECT_FALSE(accepted(text)) << container;
  }
  std::string deep;
  for (int depth = 0; depth < 100'000; ++depth) deep += "81";
  EXPECT_FALSE(accepted(deep + "00"));
  std::string side_by_side = "9907d0";  // 2000 containers, but never more than two levels
  for (int n = 0; n < 2000; ++n) side_by_side += "8100";
  EXPECT_TRUE(accepted(side_by_side));
}

TEST(Cbor, bad_utf8) {
  const auto text = [](std::string_view content) {
    return accepted(hex(from_hex("6" + std::to_string(from_hex(content).size())) + from_hex(content)));
  };
  for (const auto* good : {"7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf", "f0908080", "f48fbfbf"}) {
    EXPECT_TRUE(text(good)) << good;
  }
  for (const auto* bad :
       {"80",     "bf",   "c0",       "c080",     "c1bf",     "c2",       "c2c0",     "e08080", "e09fbf", "eda080",
        "edbfbf", "e180", "f0808080", "f08fbfbf", "f4908080", "f5808080", "f8888080", "fe",     "ff",     "c2417f"}) {
    EXPECT_FALSE(text(bad)) << bad;
  }
}

TEST(Cbor, good_a_document_there_and_back) {
  std::array<std::byte, 100> out;
  Writer writer{out};
  const auto secret = from_hex("010203");
  writer.tag(18).array(5).bytes(secret).text("key").boolean(true).null();
  writer.map(2).integer(1).unsigned_integer(7).integer(-1).array(0);
  const auto encoding = writer.finish();
  ASSERT_TRUE(encoding);
  auto reader = Reader::over(*encoding).value();
  EXPECT_EQ(reader.tag().value(), 18U);
  EXPECT_EQ(reader.array().value(), 5U);
  EXPECT_EQ(hex(reader.bytes().value()), "010203");
  EXPECT_EQ(reader.text().value(), "key");
  EXPECT_TRUE(reader.boolean().value());
  EXPECT_TRUE(reader.null());
  auto copy = reader;
  EXPECT_EQ(hex(copy.item().value()), "a201072080");
  EXPECT_TRUE(copy.at_end());
  EXPECT_EQ(reader.map().value(), 2U);
  EXPECT_EQ(reader.integer().value(), 1);
  EXPECT_EQ(reader.next().value(), Major::UNSIGNED);
  EXPECT_EQ(reader.text().error(), Error::INVALID);
}

TEST(Cbor, bad_the_wrong_question_is_an_error) {
  const auto fails = [](std::string_view text, auto question) {
    return !question(*Reader::over(from_hex(text))).has_value();
  };
  const Bytes number = from_hex("01"), string = from_hex("4101");
  auto reader = Reader::over(number).value();
  EXPECT_FALSE(Reader{reader}.bytes());
  EXPECT_FALSE(Reader{reader}.array());
  EXPECT_FALSE(Reader{reader}.map());
  EXPECT_FALSE(Reader{reader}.tag());
  EXPECT_FALSE(Reader{reader}.boolean());
  EXPECT_FALSE(Reader{reader}.null());
  EXPECT_TRUE(reader.integer());
  EXPECT_FALSE(reader.integer());
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.item());
  EXPECT_FALSE(Reader::over(string)->text());
  EXPECT_TRUE(fails("f6", [](Reader r) { return r.boolean(); }));
  EXPECT_TRUE(fails("f5", [](Reader r) { return r.null(); }));
}

}  // namespace
}  // namespace redoubt::crypto::cbor
