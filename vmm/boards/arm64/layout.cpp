// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/layout.hpp"

#include <algorithm>
#include <bit>

#include "vmm/vm/failure.hpp"
#include "vmm/vm/kvm_abi.hpp"

namespace redoubt::vmm::arm64 {
namespace {

// Below this a hypervisor gains nothing: Redoubt's smallest stage 2 (its abi says 33), above KVM's 32.
constexpr unsigned kMinIpaBits = 33;

[[nodiscard]] constexpr auto align_up(std::uint64_t value, std::uint64_t alignment) -> std::uint64_t {
  return (value + alignment - 1) / alignment * alignment;
}

}  // namespace

auto choose_ipa_bits(std::uint64_t ram_bytes, bool is_protected, unsigned max_bits) -> unsigned {
  const unsigned limit = max_bits == 0 ? kDefaultIpaBits : max_bits;
  const auto needed = static_cast<unsigned>(std::bit_width(kRam.value() + ram_bytes - 1)) + (is_protected ? 1 : 0);
  if (needed > limit) {
    const std::uint64_t most = (std::uint64_t{1} << (limit - (is_protected ? 1 : 0))) - kRam.value();
    fail("--memory {}M is too much: this machine gives a guest {} address bits, so at most {}M", ram_bytes / kMiB,
         limit, most / kMiB);
  }
  return max_bits == 0 ? kDefaultIpaBits : std::max(needed, kMinIpaBits);
}

auto place_boot_files(const KernelImage& kernel, std::uint64_t initrd_bytes, std::uint64_t ram_bytes) -> BootPlacement {
  const std::uint64_t initrd = align_up(kernel.text_offset + kernel.memory_bytes, kBlockSize);
  const std::uint64_t dtb = align_up(initrd + initrd_bytes, kBlockSize);
  const std::uint64_t end = dtb + kMaxDtbBytes;
  if (end > ram_bytes) {
    fail("--memory {}M is too little: kernel ({} MiB in memory), initrd ({} MiB) and device tree need at least {}M",
         ram_bytes / kMiB, kernel.memory_bytes / kMiB, initrd_bytes / kMiB, align_up(end, kMiB) / kMiB);
  }
  return BootPlacement{.kernel = kRam + kernel.text_offset, .initrd = kRam + initrd, .dtb = kRam + dtb};
}

}  // namespace redoubt::vmm::arm64
