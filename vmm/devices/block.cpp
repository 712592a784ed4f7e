// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/block.hpp"

#include <algorithm>
#include <cstring>

namespace redoubt::vmm {
namespace {

constexpr std::uint64_t kFeatureSegMax = 1u << 2;
constexpr std::uint64_t kFeatureReadOnly = 1u << 5;
constexpr std::uint64_t kFeatureBlkSize = 1u << 6;
constexpr std::uint64_t kFeatureFlush = 1u << 9;
constexpr std::uint64_t kFeatureDiscard = 1u << 13;
constexpr std::uint64_t kFeatureWriteZeroes = 1u << 14;

constexpr std::uint32_t kTypeIn = 0;
constexpr std::uint32_t kTypeOut = 1;
constexpr std::uint32_t kTypeFlush = 4;
constexpr std::uint32_t kTypeGetId = 8;
constexpr std::uint32_t kTypeDiscard = 11;
constexpr std::uint32_t kTypeWriteZeroes = 13;

constexpr std::uint8_t kStatusOk = 0;
constexpr std::uint8_t kStatusIoError = 1;
constexpr std::uint8_t kStatusUnsupported = 2;

constexpr std::size_t kIdBytes = 20;
// Bounds the time one request can take.
constexpr std::uint32_t kMaxClearSectors = 1u << 17;  // 64 MiB
constexpr std::uint32_t kMaxClearSegments = 1;

// struct virtio_blk_discard_write_zeroes
struct ClearRange {
  std::uint64_t sector;
  std::uint32_t sectors;
  std::uint32_t flags;
};

// Offsets in struct virtio_blk_config.
enum : std::size_t {
  kCapacity = 0,
  kSegMax = 12,
  kBlkSize = 20,
  kDiscardSectors = 36,
  kDiscardSeg = 40,
  kDiscardAlign = 44,
  kZeroesSectors = 48,
  kZeroesSeg = 52
};

template <class T>
void put(std::span<std::byte> config, std::size_t offset, T value) {
  std::memcpy(config.data() + offset, &value, sizeof value);
}

}  // namespace

auto VirtioBlock::answer(BlockStatus status, std::uint64_t written) -> DeviceResult<Answer> {
  switch (status) {
    case BlockStatus::kOk: return Answer{kStatusOk, written};
    case BlockStatus::kUnsupported: return Answer{kStatusUnsupported};
    case BlockStatus::kBadMemory: return std::unexpected{DeviceFault::kForbiddenMemory};
    case BlockStatus::kError: break;
  }
  return Answer{kStatusIoError};
}

VirtioBlock::VirtioBlock(BlockBackend& backend) : backend_(backend) {
  put<std::uint64_t>(config_, kCapacity, backend.size() / kSectorBytes);
  put<std::uint32_t>(config_, kSegMax, kQueueSize - 2);  // header and status take one descriptor each
  put<std::uint32_t>(config_, kBlkSize, kSectorBytes);
  put<std::uint32_t>(config_, kDiscardSectors, kMaxClearSectors);
  put<std::uint32_t>(config_, kDiscardSeg, kMaxClearSegments);
  put<std::uint32_t>(config_, kDiscardAlign, 1);
  put<std::uint32_t>(config_, kZeroesSectors, kMaxClearSectors);
  put<std::uint32_t>(config_, kZeroesSeg, kMaxClearSegments);
}

auto VirtioBlock::features() const -> std::uint64_t {
  const std::uint64_t writing = backend_.read_only() ? kFeatureReadOnly : kFeatureDiscard | kFeatureWriteZeroes;
  return kFeatureSegMax | kFeatureBlkSize | kFeatureFlush | writing;
}

auto VirtioBlock::process(unsigned) -> DeviceResult<> {
  while (true) {
    auto chain = queue_->pop();
    if (!chain) return std::unexpected{chain.error()};
    if (!*chain) return {};
    if (auto served = serve(**chain); !served) return served;
  }
}

auto VirtioBlock::serve(const Chain& chain) -> DeviceResult<> {
  const GuestMemory& memory = queue_->memory();
  // Without a place for the status there is no way to answer (5.2.6).
  if (chain.writable.bytes() == 0) return std::unexpected{DeviceFault::kBadRequest};
  Request request{};
  const auto header = chain.readable.read(memory, 0, std::as_writable_bytes(std::span{&request, 1}));
  if (!header) return std::unexpected{header.error()};
  if (*header != sizeof request) return std::unexpected{DeviceFault::kBadRequest};

  const DeviceResult<Answer> done = execute(request, chain);
  if (!done) return std::unexpected{done.error()};
  const auto status = std::as_bytes(std::span{&done->status, 1});
  if (auto stored = chain.writable.write(memory, chain.writable.bytes() - 1, status); !stored) {
    return std::unexpected{stored.error()};
  }
  return queue_->push(chain, static_cast<std::uint32_t>(done->written + 1));
}

auto VirtioBlock::execute(const Request& request, const Chain& chain) -> DeviceResult<Answer> {
  const bool changes = request.type == kTypeOut || request.type == kTypeDiscard || request.type == kTypeWriteZeroes;
  if (changes && backend_.read_only()) return Answer{kStatusIoError};
  switch (request.type) {
    case kTypeIn:
    case kTypeOut: return transfer(request, chain);
    case kTypeFlush: return answer(backend_.flush());
    case kTypeGetId: return get_id(chain);
    case kTypeDiscard:
    case kTypeWriteZeroes: return clear(request, chain);
    default: return Answer{kStatusUnsupported};
  }
}

auto VirtioBlock::in_disk(std::uint64_t sector, std::uint64_t bytes) const -> bool {
  const std::uint64_t sectors = backend_.size() / kSectorBytes;
  return bytes % kSectorBytes == 0 && sector <= sectors && bytes / kSectorBytes <= sectors - sector;
}

auto VirtioBlock::transfer(const Request& request, const Chain& chain) -> DeviceResult<Answer> {
  const bool reads = request.type == kTypeIn;
  const Segments& segments = reads ? chain.writable : chain.readable;
  const std::uint64_t start = reads ? 0 : sizeof request;
  const std::uint64_t length = reads ? segments.bytes() - 1 : segments.bytes() - sizeof request;
  if (!in_disk(request.sector, length)) return Answer{kStatusIoError};
  auto vectors = segments.host_vectors(queue_->memory(), start, length);
  if (!vectors) return std::unexpected{vectors.error()};
  const std::uint64_t offset = request.sector * kSectorBytes;
  return reads ? answer(backend_.read(*vectors, offset), length) : answer(backend_.write(*vectors, offset));
}

auto VirtioBlock::get_id(const Chain& chain) -> DeviceResult<Answer> {
  std::array<char, kIdBytes> id{};
  std::ranges::copy_n(backend_.id().begin(), static_cast<std::ptrdiff_t>(std::min(backend_.id().size(), kIdBytes)),
                      id.begin());
  const std::uint64_t room = std::min<std::uint64_t>(chain.writable.bytes() - 1, kIdBytes);
  const auto written = chain.writable.write(queue_->memory(), 0, std::as_bytes(std::span{id}).first(room));
  if (!written) return std::unexpected{written.error()};
  return Answer{kStatusOk, *written};
}

auto VirtioBlock::clear(const Request& request, const Chain& chain) -> DeviceResult<Answer> {
  ClearRange range{};
  if (chain.readable.bytes() != sizeof request + sizeof range) return Answer{kStatusUnsupported};
  const auto got = chain.readable.read(queue_->memory(), sizeof request, std::as_writable_bytes(std::span{&range, 1}));
  if (!got) return std::unexpected{got.error()};
  const std::uint64_t bytes = std::uint64_t{range.sectors} * kSectorBytes;
  // Bit 0 of the flags, unmap, is only advice for write-zeroes; everything else must be 0 (5.2.6.2).
  const std::uint32_t allowed_flags = request.type == kTypeWriteZeroes ? 1 : 0;
  if ((range.flags & ~allowed_flags) != 0) return Answer{kStatusUnsupported};
  if (range.sectors == 0 || range.sectors > kMaxClearSectors || !in_disk(range.sector, bytes))
    return Answer{kStatusIoError};
  const std::uint64_t offset = range.sector * kSectorBytes;
  return answer(request.type == kTypeDiscard ? backend_.discard(offset, bytes) : backend_.write_zeroes(offset, bytes));
}

}  // namespace redoubt::vmm
