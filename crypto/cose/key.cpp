// SPDX-License-Identifier: Apache-2.0
#include "crypto/cose/key.hpp"

#include <optional>

#include "crypto/cbor/reader.hpp"

namespace redoubt::crypto::cose {
namespace {

// RFC 9052 7.1, RFC 9053 7.1 and 7.2: labels and values.
constexpr std::int64_t kType = 1, kAlgorithm = 3, kOperations = 4, kCurve = -1, kX = -2, kY = -3;
constexpr std::int64_t kTypeOkp = 1, kTypeEc2 = 2, kCurveP384 = 2, kCurveEd25519 = 6, kVerify = 2;
constexpr std::size_t kCoordinate = 48;

// What of a COSE_Key matters here, as it was found.
struct Fields {
  std::optional<std::int64_t> type, algorithm, curve;
  std::optional<ByteView> x, y;
};

[[nodiscard]] auto into(std::optional<std::int64_t>& field, cbor::Reader& reader) noexcept -> Result<> {
  RD_TRY_ASSIGN(value, reader.integer());
  field = value;
  return {};
}

[[nodiscard]] auto into(std::optional<ByteView>& field, cbor::Reader& reader) noexcept -> Result<> {
  RD_TRY_ASSIGN(value, reader.bytes());
  field = value;
  return {};
}

// RFC 9052 7.1: if operations are listed, only they are permitted.
[[nodiscard]] auto read_operations(cbor::Reader& reader) noexcept -> Result<> {
  RD_TRY_ASSIGN(count, reader.array());
  bool verifies = false;
  for (; count != 0; --count) {
    RD_TRY_ASSIGN(operation, reader.integer());
    verifies = verifies || operation == kVerify;
  }
  if (!verifies) return Unexpected{Error::INVALID};
  return {};
}

[[nodiscard]] auto read_field(Fields& fields, cbor::Reader& reader) noexcept -> Result<> {
  RD_TRY_ASSIGN(label, reader.integer());
  switch (label) {
    case kType: return into(fields.type, reader);
    case kAlgorithm: return into(fields.algorithm, reader);
    case kOperations: return read_operations(reader);
    case kCurve: return into(fields.curve, reader);
    case kX: return into(fields.x, reader);
    case kY: return into(fields.y, reader);
    default: break;
  }
  RD_TRY(reader.item());
  return {};
}

[[nodiscard]] auto p384_key(const Fields& fields) noexcept -> Result<PublicKey> {
  if (!fields.x || !fields.y || fields.x->size() != kCoordinate || fields.y->size() != kCoordinate) {
    return Unexpected{Error::INVALID};
  }
  P384PublicKey key;
  std::ranges::copy(*fields.x, key.bytes.begin());
  std::ranges::copy(*fields.y, key.bytes.begin() + kCoordinate);
  return key;
}

[[nodiscard]] auto ed25519_key(const Fields& fields) noexcept -> Result<PublicKey> {
  if (!fields.x || fields.y) return Unexpected{Error::INVALID};
  RD_TRY_ASSIGN(key, Ed25519PublicKey::from(*fields.x));
  return key;
}

}  // namespace

auto algorithm_of(const PublicKey& key) noexcept -> Algorithm {
  return std::holds_alternative<Ed25519PublicKey>(key) ? Algorithm::EDDSA : Algorithm::ES384;
}

void write_key(cbor::Writer& writer, const PublicKey& key) noexcept {
  if (const auto* ed25519 = std::get_if<Ed25519PublicKey>(&key)) {
    writer.map(5).integer(kType).integer(kTypeOkp);
    writer.integer(kAlgorithm).integer(static_cast<std::int64_t>(Algorithm::EDDSA));
    writer.integer(kOperations).array(1).integer(kVerify);
    writer.integer(kCurve).integer(kCurveEd25519).integer(kX).bytes(ed25519->bytes);
  } else if (const auto* p384 = std::get_if<P384PublicKey>(&key)) {
    const ByteView point{p384->bytes};
    writer.map(4).integer(kType).integer(kTypeEc2).integer(kCurve).integer(kCurveP384);
    writer.integer(kX).bytes(point.first(kCoordinate)).integer(kY).bytes(point.subspan(kCoordinate));
  }
}

auto read_key(ByteView encoded) noexcept -> Result<PublicKey> {
  RD_TRY_ASSIGN(reader, cbor::Reader::over(encoded));
  RD_TRY_ASSIGN(count, reader.map());
  Fields fields;
  for (; count != 0; --count) RD_TRY(read_field(fields, reader));
  if (!fields.type || !fields.curve) return Unexpected{Error::INVALID};
  const bool okp = fields.type == kTypeOkp && fields.curve == kCurveEd25519;
  if (!okp && !(fields.type == kTypeEc2 && fields.curve == kCurveP384)) return Unexpected{Error::NOT_SUPPORTED};
  RD_TRY_ASSIGN(key, okp ? ed25519_key(fields) : p384_key(fields));
  if (fields.algorithm && *fields.algorithm != static_cast<std::int64_t>(algorithm_of(key))) {
    return Unexpected{Error::INVALID};
  }
  return key;
}

}  // namespace redoubt::crypto::cose
