// SPDX-License-Identifier: Apache-2.0
#include "crypto/cose/sign1.hpp"

#include <optional>

#include "crypto/cbor/reader.hpp"

namespace redoubt::crypto::cose {
namespace {

constexpr std::uint64_t kSign1Tag = 18, kSign1Items = 4;
constexpr std::int64_t kAlgorithmLabel = 1, kCriticalLabel = 2;  // RFC 9052 3.1

// {1: algorithm}: the only protected header that is written. Byte for byte what its CBOR is for both algorithms.
class ProtectedHeader {
 public:
  explicit ProtectedHeader(Algorithm algorithm) noexcept {
    cbor::Writer writer{bytes_};
    writer.map(1).integer(kAlgorithmLabel).integer(static_cast<std::int64_t>(algorithm));
    if (const auto written = writer.finish()) size_ = written->size();
  }
  [[nodiscard]] auto bytes() const noexcept -> ByteView { return std::span{bytes_}.first(size_); }

 private:
  std::array<std::byte, 8> bytes_{};
  std::size_t size_ = 0;
};

// RFC 9052 4.4: Sig_structure = ["Signature1", protected, external, payload], the last three as byte strings; in pieces,
// so that nobody needs room for a copy of the payload.
class SignedBytes {
 public:
  SignedBytes(ByteView protected_header, ByteView external, ByteView payload) noexcept
      : header_({.major = cbor::Major::BYTES, .argument = protected_header.size()}),
        external_({.major = cbor::Major::BYTES, .argument = external.size()}),
        payload_({.major = cbor::Major::BYTES, .argument = payload.size()}),
        pieces_{kPrefix, header_.bytes(), protected_header, external_.bytes(), external, payload_.bytes(), payload} {}
  SignedBytes(const SignedBytes&) = delete;
  auto operator=(const SignedBytes&) -> SignedBytes& = delete;

  [[nodiscard]] auto pieces() const noexcept -> Pieces { return pieces_; }

 private:
  // An array of four, a text of ten characters, "Signature1".
  static constexpr std::array<std::byte, 12> kPrefix{std::byte{0x84}, std::byte{0x6a}, std::byte{'S'}, std::byte{'i'},
                                                     std::byte{'g'},  std::byte{'n'},  std::byte{'a'}, std::byte{'t'},
                                                     std::byte{'u'},  std::byte{'r'},  std::byte{'e'}, std::byte{'1'}};
  cbor::EncodedHead header_, external_, payload_;
  std::array<ByteView, 7> pieces_;
};

// The algorithm, if this map of headers names one. INVALID: not a map, a critical header, an algorithm by name.
[[nodiscard]] auto algorithm_in(ByteView header) noexcept -> Result<std::optional<std::int64_t>> {
  RD_TRY_ASSIGN(reader, cbor::Reader::over(header));
  RD_TRY_ASSIGN(count, reader.map());
  std::optional<std::int64_t> algorithm;
  for (; count != 0; --count) {
    RD_TRY_ASSIGN(kind, reader.next());
    if (kind == cbor::Major::TEXT) {
      RD_TRY(reader.item());
      RD_TRY(reader.item());
      continue;
    }
    RD_TRY_ASSIGN(label, reader.integer());
    if (label == kCriticalLabel) return Unexpected{Error::INVALID};
    if (label == kAlgorithmLabel) {
      RD_TRY_ASSIGN(value, reader.integer());
      algorithm = value;
    } else {
      RD_TRY(reader.item());
    }
  }
  return algorithm;
}

[[nodiscard]] auto supported(std::int64_t number) noexcept -> Result<Algorithm> {
  for (const auto known : {Algorithm::EDDSA, Algorithm::ES384}) {
    if (number == static_cast<std::int64_t>(known)) return known;
  }
  return Unexpected{Error::NOT_SUPPORTED};
}

[[nodiscard]] auto write(ByteView protected_header, ByteView payload, ByteView signature, Tagging tagging,
                         std::span<std::byte> out) noexcept -> Result<ByteView> {
  cbor::Writer writer{out};
  if (tagging == Tagging::TAGGED) writer.tag(kSign1Tag);
  writer.array(kSign1Items).bytes(protected_header).map(0).bytes(payload).bytes(signature);
  return writer.finish();
}

}  // namespace

auto parse(ByteView encoded, Tagging tagging) noexcept -> Result<Sign1> {
  RD_TRY_ASSIGN(reader, cbor::Reader::over(encoded));
  if (tagging == Tagging::TAGGED) {
    RD_TRY_ASSIGN(tag, reader.tag());
    if (tag != kSign1Tag) return Unexpected{Error::INVALID};
  }
  RD_TRY_ASSIGN(items, reader.array());
  if (items != kSign1Items) return Unexpected{Error::INVALID};
  RD_TRY_ASSIGN(protected_header, reader.bytes());
  RD_TRY_ASSIGN(unprotected_header, reader.item());
  RD_TRY_ASSIGN(payload, reader.bytes());
  RD_TRY_ASSIGN(signature, reader.bytes());
  RD_TRY_ASSIGN(number, algorithm_in(protected_header));
  RD_TRY_ASSIGN(elsewhere, algorithm_in(unprotected_header));
  if (!number || elsewhere) return Unexpected{Error::INVALID};
  RD_TRY_ASSIGN(algorithm, supported(*number));
  return Sign1{algorithm, protected_header, unprotected_header, payload, signature};
}

auto verify(const Sign1& message, const PublicKey& key, ByteView external) noexcept -> Result<> {
  if (message.algorithm != algorithm_of(key)) return Unexpected{Error::INVALID};
  const SignedBytes content{message.protected_header, external, message.payload};
  if (const auto* ed25519 = std::get_if<Ed25519PublicKey>(&key)) {
    RD_TRY_ASSIGN(signature, Ed25519Signature::from(message.signature));
    return verify(*ed25519, content.pieces(), signature);
  }
  const auto* p384 = std::get_if<P384PublicKey>(&key);
  if (p384 == nullptr) return Unexpected{Error::INVALID};
  RD_TRY_ASSIGN(signature, P384Signature::from(message.signature));
  return verify(*p384, content.pieces(), signature);
}

auto sign(const Ed25519PrivateKey& key, ByteView payload, ByteView external, Tagging tagging,
          std::span<std::byte> out) noexcept -> Result<ByteView> {
  const ProtectedHeader header{Algorithm::EDDSA};
  const SignedBytes content{header.bytes(), external, payload};
  return write(header.bytes(), payload, key.sign(content.pieces()).bytes, tagging, out);
}

auto sign(const P384PrivateKey& key, ByteView payload, ByteView external, Tagging tagging,
          std::span<std::byte> out) noexcept -> Result<ByteView> {
  const ProtectedHeader header{Algorithm::ES384};
  const SignedBytes content{header.bytes(), external, payload};
  RD_TRY_ASSIGN(signature, key.sign(content.pieces()));
  return write(header.bytes(), payload, signature.bytes, tagging, out);
}

}  // namespace redoubt::crypto::cose
