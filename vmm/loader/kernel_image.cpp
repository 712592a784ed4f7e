// SPDX-License-Identifier: Apache-2.0
#include "vmm/loader/kernel_image.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/addr.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

constexpr std::size_t kTextOffset = 8;
constexpr std::size_t kImageSize = 16;
constexpr std::size_t kFlags = 24;
constexpr std::size_t kMagic = 56;
constexpr std::uint64_t kFlagBigEndian = 1;
// No kernel is this large; the bound keeps the sums of the layout far from wrapping.
constexpr std::uint64_t kMaxImageBytes = std::uint64_t{1} << 32;

[[nodiscard]] auto u64_at(std::span<const std::byte> header, std::size_t offset) -> std::uint64_t {
  std::uint64_t value = 0;
  std::memcpy(&value, header.data() + offset, sizeof value);  // the VMM runs little-endian, as the format is
  return value;
}

[[nodiscard]] auto starts_with(std::span<const std::byte> header, std::size_t offset, std::string_view magic) -> bool {
  return header.size() >= offset + magic.size() && std::memcmp(header.data() + offset, magic.data(), magic.size()) == 0;
}

[[noreturn]] void fail_other_format(std::span<const std::byte> header) {
  using namespace std::string_view_literals;
  if (starts_with(header, 0, "\x1f\x8b"sv)) fail("the kernel is gzip-compressed; unpack it first: zcat FILE > Image");
  if (starts_with(header, 0, "\x28\xb5\x2f\xfd"sv))
    fail("the kernel is zstd-compressed; unpack it first: zstdcat FILE > Image");
  if (starts_with(header, 0, "MZ"sv) && starts_with(header, 4, "zimg"sv)) {
    fail("the kernel is an EFI zboot image (compressed); give the uncompressed arch/arm64/boot/Image");
  }
  if (starts_with(header, 0,
                  "\x7f"
                  "ELF"sv))
    fail("the kernel is an ELF file (vmlinux?); give arch/arm64/boot/Image");
  fail("the kernel is not an arm64 Linux Image (no 'ARM\\x64' magic at offset 56)");
}

}  // namespace

auto parse_kernel_image(std::span<const std::byte> header, std::uint64_t file_bytes) -> KernelImage {
  using namespace std::string_view_literals;
  if (header.size() < kImageHeaderBytes || !starts_with(header, kMagic, "ARM\x64"sv)) fail_other_format(header);
  const std::uint64_t text_offset = u64_at(header, kTextOffset);
  const std::uint64_t image_size = u64_at(header, kImageSize);
  if (image_size == 0) fail("the kernel is older than Linux 3.17 (its header does not tell its size)");
  if ((u64_at(header, kFlags) & kFlagBigEndian) != 0) fail("the kernel is big-endian; only little-endian guests run");
  if (text_offset >= kBlockSize || text_offset % kPageSize != 0) {
    fail("the kernel's header is damaged: text_offset {:#x}", text_offset);
  }
  if (image_size > kMaxImageBytes || file_bytes > kMaxImageBytes) {
    fail("the kernel's header is damaged: {:#x} bytes in memory, {:#x} in the file", image_size, file_bytes);
  }
  return KernelImage{text_offset, std::max(image_size, file_bytes)};
}

}  // namespace redoubt::vmm
