// SPDX-License-Identifier: Apache-2.0
// What EL2 learns about the machine from the boot loader's tree. Independent of policy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hyp/fdt/list.hpp"
#include "hyp/fdt/pa_range.hpp"
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

inline constexpr std::size_t kMaxRamRanges = 8;
inline constexpr std::size_t kMaxReserved = 32;
inline constexpr std::size_t kMaxCpus = 16;
inline constexpr std::size_t kMaxRegions = 8;  // of each kind: redistributor regions, ITS, UARTs, boot modules
inline constexpr std::size_t kMaxSmmus = 8;

// EL2 maps what it uses at a base + PA (hyp/mm/layout.h): above these ends such an address would be another area's.
inline constexpr std::uint64_t kRamEnd = std::uint64_t{1} << 45;
inline constexpr std::uint64_t kDeviceEnd = std::uint64_t{0xa000'0000'0000};

// Memory that belongs to somebody already. Not subtracted from `ram`.
struct ReservedMemory {
  PaRange range;
  bool no_map;  // from /reserved-memory with no-map: not even to be mapped
};

struct GicInfo {
  PaRange distributor;
  List<PaRange, kMaxRegions> redistributors;
  std::uint64_t redistributor_stride = 0;  // bytes; 0: not stated, GICR_TYPER.VLPIS decides (gicr_frames.hpp)
  std::uint32_t interrupt_cells = 3;
  std::optional<std::uint32_t> maintenance_intid;
  List<PaRange, kMaxRegions> its;
};

// INTIDs of the arm,armv8-timer node.
struct TimerInfo {
  std::optional<std::uint32_t> sec_phys;
  std::optional<std::uint32_t> phys;
  std::optional<std::uint32_t> virt;
  std::optional<std::uint32_t> hyp_phys;
};

// An arm,smmu-v3 node.
struct SmmuInfo {
  PaRange registers;
  std::uint32_t phandle = 0;  // 0: nothing refers to it
};

// An image the boot loader put into RAM: multiboot,module below /chosen, as QEMU's guest-loader and Xen use it.
struct BootModule {
  enum class Kind : std::uint8_t { KERNEL, RAMDISK, OTHER };
  Kind kind;
  PaRange range;
  std::string_view bootargs;  // empty if none
};

// Part of the blob, for a secret that EL2 takes and then erases there.
struct BlobSlice {
  std::size_t offset = 0;
  std::size_t bytes = 0;  // 0: absent
};

struct ChosenInfo {
  std::string_view bootargs;
  std::optional<PaRange> initrd;
  BlobSlice rng_seed;
  BlobSlice kaslr_seed;
  List<BootModule, kMaxRegions> modules;
};

// string_views point into the blob.
struct PlatformInfo {
  RangeSet<kMaxRamRanges> ram;  // whole pages
  List<ReservedMemory, kMaxReserved> reserved;
  List<std::uint64_t, kMaxCpus> mpidrs;  // MPIDR_EL1 affinity fields as in the cpu nodes' reg
  std::size_t cpu_nodes = 0;             // all of them: more than mpidrs.size() means some are left out
  GicInfo gic;
  TimerInfo timer;
  List<PaRange, kMaxRegions> uarts;  // enabled arm,pl011 nodes in tree order; further ones are not listed
  std::optional<PaRange> console;    // the PL011 of stdout-path, else the first one
  List<SmmuInfo, kMaxSmmus> smmus;
  ChosenInfo chosen;
};

// Fills a fresh `info` (about 2 KiB: the caller keeps it in static memory). Fails where EL2 could not run a host:
// NO_MEMORY_NODE, NO_CPU, NO_GIC, NO_PSCI, NO_TIMER, BAD_ADDRESS (malformed memory or reservation), TOO_MANY, TOO_HIGH.
[[nodiscard]] auto scan(const Reader& reader, PlatformInfo& info) noexcept -> FdtResult<>;

// Entry `name` ("sec-phys" "phys" "virt" "hyp-phys" "hyp-virt") of a timer node's `interrupts`, as its cells; by
// interrupt-names where present, else by the binding's order. Empty if there is none.
[[nodiscard]] auto timer_interrupt(const Reader& reader, Node timer, unsigned interrupt_cells,
                                   std::string_view name) noexcept -> Bytes;

}  // namespace redoubt::hyp::fdt
