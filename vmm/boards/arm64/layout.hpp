// SPDX-License-Identifier: Apache-2.0
// The guest's address space on arm64. Fixed where a guest or a measurement could depend on it.
#pragma once

#include <cstdint>

#include "base/addr.hpp"
#include "vmm/loader/kernel_image.hpp"
#include "vmm/vm/kvm_events.hpp"

namespace redoubt::vmm::arm64 {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

inline constexpr Ipa kGicDist{0x08000000};
inline constexpr std::uint64_t kGicDistBytes = 0x10000;
inline constexpr Ipa kGicRedist{0x080a0000};
inline constexpr std::uint64_t kGicRedistBytesPerCpu = 0x20000;
// Private peripheral interrupt of the performance monitors; number counts from 0 (INTID 16), as Arm BSA assigns it.
struct Ppi {
  std::uint32_t number;
};
inline constexpr Ppi kPmuPpi{7};
inline constexpr Ipa kUart{0x09000000};
inline constexpr std::uint64_t kUartBytes = 0x1000;
inline constexpr Spi kUartSpi{1};
inline constexpr Ipa kVirtio{0x0a000000};
inline constexpr std::uint64_t kVirtioBytes = 0x200;
inline constexpr unsigned kMaxVirtioDevices = 32;
inline constexpr std::uint32_t kFirstVirtioSpi = 16;
inline constexpr Ipa kRam{0x40000000};

// KVM_DEV_ARM_VGIC_GRP_NR_IRQS: INTIDs 0..31 plus the SPIs above, a multiple of 32.
inline constexpr std::uint32_t kNrIrqs = 96;
static_assert(32 + kFirstVirtioSpi + kMaxVirtioDevices <= kNrIrqs);

// The redistributors end where the UART begins.
inline constexpr unsigned kMaxCpus = (kUart.value() - kGicRedist.value()) / kGicRedistBytesPerCpu;

inline constexpr std::uint64_t kMinRamBytes = 16 * kMiB;
inline constexpr std::uint64_t kMaxDtbBytes = 64 * 1024;

[[nodiscard]] constexpr auto virtio_base(unsigned slot) -> Ipa { return kVirtio + slot * kVirtioBytes; }
[[nodiscard]] constexpr auto virtio_spi(unsigned slot) -> Spi { return Spi{kFirstVirtioSpi + slot}; }

// How wide the guest's addresses are. A protected guest needs one bit more than its RAM and devices: its upper half
// is the alias for what it shares. max_bits: KVM_CAP_ARM_VM_IPA_SIZE, 0 if KVM has only its default of 40.
// Throws Failure if the RAM does not fit.
[[nodiscard]] auto choose_ipa_bits(std::uint64_t ram_bytes, bool is_protected, unsigned max_bits) -> unsigned;

struct BootPlacement {
  Ipa kernel;
  Ipa initrd;  // meaningful only if there is one
  Ipa dtb;
};

// Kernel at the start of RAM, then initrd, then device tree. Throws Failure telling how much --memory it takes.
[[nodiscard]] auto place_boot_files(const KernelImage& kernel, std::uint64_t initrd_bytes, std::uint64_t ram_bytes)
    -> BootPlacement;

}  // namespace redoubt::vmm::arm64
