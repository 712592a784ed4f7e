// SPDX-License-Identifier: Apache-2.0
// Bytes from anywhere as CBOR, as a COSE key and as a signed message. What is accepted is walked to its end, item by item,
// and each item must have exactly one encoding: writing what was read gives the same bytes.
#include <algorithm>
#include <array>
#include <vector>

#include "crypto/cbor/reader.hpp"
#include "crypto/cbor/validate.hpp"
#include "crypto/cbor/writer.hpp"
#include "crypto/cose/sign1.hpp"
#include "proofs/fuzz/judge.hpp"

namespace redoubt::fuzz {
namespace {

using namespace crypto;
using cbor::EncodedHead;
using cbor::Major;

class Walk {
 public:
  explicit Walk(ByteView input) : reader_(*cbor::Reader::over(input)) {}

  void run() {
    item(0);
    require(reader_.at_end(), "one item is the whole document");
  }
  [[nodiscard]] auto written() const -> const std::vector<std::byte>& { return written_; }

 private:
  void put(Major major, std::uint64_t argument) {
    const EncodedHead head{{major, argument}};
    written_.insert(written_.end(), head.bytes().begin(), head.bytes().end());
  }
  template <class T>
  auto must(const Result<T>& result) -> const T& {
    require(result.has_value(), "an accepted document can be read to its end");
    return *result;
  }
  void put_bytes(ByteView bytes) { written_.insert(written_.end(), bytes.begin(), bytes.end()); }

  void item(unsigned depth) {
    require(depth <= cbor::kMaxDepth, "depth is bounded");
    const Major major = must(reader_.next());
    switch (major) {
      case Major::UNSIGNED: return put(major, must(reader_.unsigned_integer()));
      case Major::NEGATIVE: return negative();
      case Major::BYTES: {
        const ByteView bytes = must(reader_.bytes());
        put(major, bytes.size());
        return put_bytes(bytes);
      }
      case Major::TEXT: {
        const std::string_view text = must(reader_.text());
        put(major, text.size());
        return put_bytes(std::as_bytes(std::span{text}));
      }
      case Major::ARRAY: return items(major, must(reader_.array()), depth);
      case Major::MAP: {
        const std::uint64_t pairs = must(reader_.map());
        put(major, pairs);
        for (std::uint64_t n = 0; n < 2 * pairs; ++n) item(depth + 1);
        return;
      }
      case Major::TAG: put(major, must(reader_.tag())); return item(depth + 1);
      case Major::SIMPLE: return simple();
    }
  }
  void items(Major major, std::uint64_t count, unsigned depth) {
    put(major, count);
    for (std::uint64_t n = 0; n < count; ++n) item(depth + 1);
  }
  // Below -2^63 there is no std::int64_t; the reader says so, and the item is skipped whole.
  void negative() {
    cbor::Reader ahead = reader_;
    if (const auto value = ahead.integer(); value) {
      reader_ = ahead;
      return put(Major::NEGATIVE, static_cast<std::uint64_t>(-1 - *value));
    }
    put_bytes(must(reader_.item()));
  }
  void simple() {
    cbor::Reader ahead = reader_;
    if (const auto value = ahead.boolean(); value) {
      reader_ = ahead;
      return put(Major::SIMPLE, *value ? cbor::kTrue : cbor::kFalse);
    }
    require(reader_.null().has_value(), "false, true and null are all there is");
    put(Major::SIMPLE, cbor::kNull);
  }

  cbor::Reader reader_;
  std::vector<std::byte> written_;
};

auto part_of(ByteView whole, ByteView part) -> bool {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_message(ByteView input, cose::Tagging tagging) {
  const auto message = cose::parse(input, tagging);
  if (!message) return;
  for (const ByteView part :
       {message->protected_header, message->payload, message->signature, message->unprotected_header})
    require(part_of(input, part), "the parts of a message lie in it");
  const bool eddsa = message->algorithm == cose::Algorithm::EDDSA;
  require(eddsa || message->algorithm == cose::Algorithm::ES384, "an algorithm that exists");
  const cose::PublicKey key = eddsa ? cose::PublicKey{Ed25519PublicKey{}} : cose::PublicKey{P384PublicKey{}};
  require(!cose::verify(*message, key, {}).has_value(), "nothing is signed by the key of all zeros");
}

}  // namespace
}  // namespace redoubt::fuzz

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  using namespace redoubt::fuzz;
  const ByteView input = std::as_bytes(std::span{data, size});
  count_checked();
  if (cbor::Reader::over(input)) {
    Walk walk{input};
    walk.run();
    require(std::ranges::equal(walk.written(), input), "what is accepted has one encoding");
  }
  check_message(input, cose::Tagging::TAGGED);
  check_message(input, cose::Tagging::UNTAGGED);
  if (const auto key = cose::read_key(input); key) {
    std::array<std::byte, 256> room{};
    cbor::Writer writer{room};
    cose::write_key(writer, *key);
    require(cose::read_key(*writer.finish()).has_value(), "a key that was read can be written and read again");
  }
  return 0;
}
