// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/placement.hpp"

#include "hyp/boot/boot_map.hpp"
#include "hyp/boot/image.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {
namespace {

// The arm64 Image header (Linux Documentation/arch/arm64/booting.rst).
struct ImageHeader {
  std::uint32_t code0, code1;
  std::uint64_t text_offset, image_size, flags, res2, res3, res4;
  std::uint32_t magic, res5;
};
constexpr std::uint32_t kImageMagic = 0x644d'5241;  // "ARM\x64"
constexpr std::uint64_t kMaxImageBytes = std::uint64_t{1} << 30;

auto kernel_memory(Pa at, std::uint64_t file_bytes) noexcept -> fdt::PaRange {
  if (!aligned(at.value(), kBlockSize)) panic("the host kernel is not 2 MiB aligned");
  boot_identity(at, kPageSize);
  const auto* const header = reinterpret_cast<const ImageHeader*>(at.value());
  if (header->magic != kImageMagic) panic("the host kernel is not an uncompressed arm64 Image");
  if (header->text_offset != 0) panic("the host kernel wants a text offset: kernels before 5.8 are not supported");
  const auto bytes = header->image_size > file_bytes ? header->image_size : file_bytes;
  if (bytes > kMaxImageBytes) panic("the host kernel's header names an absurd size");
  const auto range = fdt::PaRange::make(at.value(), align_down(bytes + kPageSize - 1, kPageSize));
  if (!range) panic("the host kernel reaches beyond the address space");
  return *range;
}

auto overlaps_any(const fdt::PaRange& range, std::span<const fdt::PaRange> others, Pa& lowest) noexcept -> bool {
  bool hit = false;
  for (const auto& other : others) {
    if (!range.overlaps(other)) continue;
    hit = true;
    if (other.begin < lowest) lowest = other.begin;
  }
  return hit;
}

}  // namespace

auto find_host_image(const fdt::PlatformInfo& info, Pa image_pa) noexcept -> HostImage {
  HostImage host{};
  bool found = false;
  for (const auto& module : info.chosen.modules) {
    if (module.kind == fdt::BootModule::Kind::KERNEL && !found) {
      host.memory = kernel_memory(module.range.begin, module.range.bytes());
      host.file = module.range;
      host.bootargs = module.bootargs;
      found = true;
    }
    if (module.kind == fdt::BootModule::Kind::RAMDISK) host.initrd = module.range;
  }
  const auto offset = payload_record[2], bytes = payload_record[3];
  if (!found && offset != 0 && bytes >= sizeof(ImageHeader)) {
    host.memory = kernel_memory(image_pa + offset, bytes);
    host.file = fdt::PaRange{image_pa + offset, image_pa + (offset + bytes)};
    found = true;
  }
  if (!found) {
    panic("no host kernel: append one to this image (./rd pack), or load one as a multiboot,kernel module");
  }
  return host;
}

auto place_carve_out(const fdt::PlatformInfo& info, std::uint64_t bytes, std::span<const fdt::PaRange> in_use,
                     const fdt::PaRange& marker) noexcept -> fdt::PaRange {
  constexpr unsigned kMaxTries = 64;  // more than there can be things in the way
  const auto ranges = info.ram.ranges();
  for (std::size_t n = ranges.size(); n > 0; --n) {
    const auto& ram = ranges[n - 1];
    Pa end = ram.end;
    for (unsigned tries = 0; tries < kMaxTries && end.value() >= ram.begin.value() + bytes; ++tries) {
      const auto candidate = fdt::PaRange{Pa{end.value() - bytes}, end};
      Pa lowest = end;
      const bool blocked = overlaps_any(candidate, {&marker, 1}, lowest) || overlaps_any(candidate, in_use, lowest);
      if (!blocked) return candidate;
      end = Pa{align_down(lowest.value(), kPageSize)};
    }
  }
  log("Redoubt needs {} KiB of RAM in one piece for itself", bytes >> 10);
  panic("too little memory for the hypervisor's carve-out: give the machine more RAM");
}

}  // namespace redoubt::hyp
