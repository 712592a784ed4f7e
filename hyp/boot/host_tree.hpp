// SPDX-License-Identifier: Apache-2.0
// The device tree between loader and host: policy, device windows, seeds, and the rewritten copy.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hyp/boot/placement.hpp"
#include "hyp/fdt/policy.hpp"
#include "hyp/fdt/rewrite.hpp"
#include "hyp/fdt/windows.hpp"

namespace redoubt::hyp {

// What the loader's command line asks for.
[[nodiscard]] auto dma_policy(const fdt::PlatformInfo& info) noexcept -> fdt::Dma;

class HostTree {
 public:
  // dtb: the loader's blob, `bytes` long and reachable at its physical address. smmus: those that EL2 owns.
  HostTree(const fdt::Reader& reader, const fdt::PlatformInfo& info, fdt::PaRange dtb, const HostImage& host,
           std::span<const std::uint32_t> smmus) noexcept;

  // Where the carve-out cannot be: image and payload, tree, kernel with what it will use before it reads its tree, initrd,
  // reservations.
  [[nodiscard]] auto in_use(Pa image_pa) noexcept -> std::span<const fdt::PaRange>;
  // What the loader has written, to the byte, and firmware's and EL2's own memory: all that survives the clearing of RAM.
  // It takes the place of what in_use() answered.
  [[nodiscard]] auto filled(Pa image_pa, const fdt::PaRange& carve_out) noexcept -> std::span<const fdt::PaRange>;
  // The fixed page of the reset marker.
  [[nodiscard]] auto marker_page() const noexcept -> fdt::PaRange;
  [[nodiscard]] auto windows() noexcept -> fdt::Windows&;
  [[nodiscard]] auto has_smmus() const noexcept -> bool;
  [[nodiscard]] auto boot_seed() const noexcept -> std::span<const std::byte>;
  [[nodiscard]] auto ram_bytes() const noexcept -> std::uint64_t;

  // Which devices the host does not get, and why: one line each, and the DMA policy.
  void announce_policy() const noexcept;

  // Writes the host's tree in place of the loader's and answers its address.
  [[nodiscard]] auto rewrite_for_host(const fdt::PaRange& image, const fdt::PaRange& carve_out) noexcept -> Pa;

 private:
  const fdt::Reader& reader_;
  const fdt::PlatformInfo& info_;
  fdt::PaRange dtb_;
  const HostImage& host_;
};

}  // namespace redoubt::hyp
