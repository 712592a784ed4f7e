// SPDX-License-Identifier: Apache-2.0
// The boot, in order. Everything here runs once, on one CPU, and trusts the boot loader but not its arithmetic.
#include <array>
#include <cstring>
#include <span>

#include "arch/arm64/el2/cache.hpp"
#include "core/stage2/host_builder.hpp"
#include "hyp/boot/boot_map.hpp"
#include "hyp/boot/carve_out.hpp"
#include "hyp/boot/host_tree.hpp"
#include "hyp/boot/image.hpp"
#include "hyp/boot/left_over.hpp"
#include "hyp/boot/placement.hpp"
#include "hyp/boot/smmu_start.hpp"
#include "hyp/core_state.hpp"
#include "hyp/cpu/cpu_boot.hpp"
#include "hyp/cpu/entropy.hpp"
#include "hyp/cpu/id_registers.hpp"
#include "hyp/cpu/leave_boot.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/cpu/psci_relay.hpp"
#include "hyp/cpu/reset.hpp"
#include "hyp/fdt/gicr_frames.hpp"
#include "hyp/fdt/reservations.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/linear_map.hpp"

namespace redoubt::hyp {
namespace {

constexpr std::string_view kVersionText = "0.1";

constinit fdt::PlatformInfo platform{};

struct OpenTree {
  fdt::Reader reader;
  fdt::PaRange blob;
};

auto open_tree(Pa dtb) noexcept -> OpenTree {
  constexpr std::uint64_t kHeaderBytes = 64;
  boot_identity(dtb, kHeaderBytes);
  const auto* const blob = reinterpret_cast<const std::byte*>(dtb.value());
  const auto bytes = fdt::Reader::total_bytes({blob, kHeaderBytes});
  if (!bytes) panic(fdt::describe(bytes.error()));
  boot_identity(dtb, *bytes);
  const auto reader = fdt::Reader::open({blob, *bytes});
  if (!reader) panic(fdt::describe(reader.error()));
  return OpenTree{*reader, fdt::PaRange{dtb, dtb + *bytes}};
}

void start_console() noexcept {
  if (!platform.console) return;
  const auto page = Pa{align_down(platform.console->begin.value(), kPageSize)};
  boot_map(EL2_DEVICE_VA + page.value(), page, kPageSize, Use::DEVICE);
  console_attach(EL2_DEVICE_VA + platform.console->begin.value());
}

static_assert(fdt::kRamEnd <= EL2_IMAGE_VA - EL2_LINEAR_VA && fdt::kRamEnd <= EL2_LINEAR_VA,
              "neither the linear area nor the identity map of the boot runs into the area behind it");
static_assert(fdt::kDeviceEnd <= (std::uint64_t{1} << 48) - EL2_DEVICE_VA);

void read_machine(Pa image_pa) noexcept {
  auto& state = machine_for_boot();
  state.features = read_features();
  if (bits_of(state.features.pfr0, 24, 4) == 0) panic("the CPU has no GICv3 system registers");
  if (bits_of(state.features.mmfr0, 28, 4) == 15) panic("the CPU has no 4 KiB granule");
  const auto counters = state.features.pmu() ? bits_of(RD_READ_SYSREG(PMCR_EL0), 11, 5) : 0;
  state.host = host_traps(state.features, counters);
  state.guest = guest_traps(state.features, counters);
  const auto vtr = RD_READ_SYSREG(ICH_VTR_EL2);
  state.gic = vgic::GicCpuConfig::of_vtr(vtr, arm64::kGicVirtualTimerPpi);
  const auto preemption_bits = arm64::IchVtr::PREbits::of(vtr) + 1;
  state.active_words = preemption_bits <= 5 ? 1 : preemption_bits == 6 ? 2 : 4;
  state.max_ipa_bits = state.features.pa_bits() < RD_MAX_IPA_BITS ? state.features.pa_bits() : RD_MAX_IPA_BITS;
  build_guest_id_registers();
  build_host_id_registers();
  state.image_pa = image_pa.value();
  state.image_bytes = image_offset(__image_end);
}

// The host's stage 2 as CPUs and SMMUs are told of it.
auto host_stage2(Pa root) noexcept -> core::smmu::HostStage2 {
  const auto& features = machine().features;
  const auto geometry = core::Geometry::make(features.pa_bits());
  if (!geometry) panic("the CPU's physical addresses have no length");
  return {vtcr_for(features, geometry->ipa_bits, geometry->start == core::Level::L1 ? 1 : 0), root, features.fwb()};
}

// Phandles of the SMMUs that are EL2's from here on. Not inlined: boot_main() is at the top of the deepest stack.
[[gnu::noinline]] auto own_smmus() noexcept -> std::span<const std::uint32_t> {
  if (dma_policy(platform) == fdt::Dma::OPEN) return {};
  return take_smmus(platform, host_stage2(Pa{0}));
}

// Redistributor frames: EL2 uses its own mapping of both, the host gets the SGI frame only.
void map_redistributors(fdt::Windows& windows) noexcept {
  auto& state = machine_for_boot();
  for (const auto& region : platform.gic.redistributors) {
    auto stride = platform.gic.redistributor_stride;
    if (stride == 0) stride = fdt::kGicrStride;
    for (std::size_t n = 0; n < fdt::gicr_count(region, stride) && state.gicr_count < EL2_MAX_CPUS; ++n) {
      const auto frames = fdt::gicr_frames(region, stride, n);
      boot_map(EL2_DEVICE_VA + frames.rd_base.begin.value(), frames.rd_base.begin, 2 * fdt::kGicrFrameBytes,
               Use::DEVICE);
      state.gicr_frames[state.gicr_count++] = frames.rd_base.begin;
      if (!windows.set.insert(frames.sgi_base)) panic("too many device windows");
      const auto typer =
          *reinterpret_cast<volatile std::uint64_t*>(EL2_DEVICE_VA + frames.rd_base.begin.value() + arm64::GICR_TYPER);
      if (arm64::GicrTyper::Last::of(typer) != 0) break;
    }
  }
  if (!windows.set.insert(platform.gic.distributor)) panic("too many device windows");
}

// Memory that firmware reserved is not cleared after an unclean end of a run (it may not be ours to write), so no guest may
// have it: as if somebody borrowed it for ever, the host can use it but not donate it.
void keep_reservations_from_guests(core::PageDb& pages, const fdt::PaRange& blob) noexcept {
  for (const auto& reserved : platform.reserved) {
    if (!fdt::firmware_owns(platform, blob, reserved.range)) continue;
    const auto range = reserved.range.pages_touched();
    pages.lend_for_ever(pfn_of(range.begin), pfn_of(range.end));
  }
}

void build_host_stage2(const CarveOut& carve, Pa image_pa, const fdt::PaRange& marker, const fdt::Windows& windows,
                       bool devices) noexcept {
  auto& core = core_for_boot();
  core.pages = core::PageDb{carve.page_entries()};
  for (const auto& ram : platform.ram.ranges()) {
    if (!core.pages.add_region(pfn_of(ram.begin), ram.bytes() >> kPageShift)) panic("RAM ranges overlap");
  }
  const bool pinned = core.pages.pin_for_hyp(pfn_of(image_pa), machine().image_bytes >> kPageShift) &&
                      core.pages.pin_for_hyp(pfn_of(carve.range().begin), carve.range().bytes() >> kPageShift) &&
                      core.pages.pin_for_hyp(pfn_of(marker.begin), 1);
  if (!pinned) panic("Redoubt's own memory is not RAM");
  static constinit std::array<core::MmioWindow, fdt::kMaxWindows> mmio{};
  std::size_t count = 0;
  for (const auto& window : windows.set.ranges()) {
    mmio[count++] = core::MmioWindow{pfn_of(window.begin), window.bytes() >> kPageShift};
  }
  auto alloc = [](std::uint64_t pages) noexcept { return carve_out_tables(pages); };
  const core::HostLayout layout{.ipa_bits = machine().features.pa_bits(),
                                .leaf_tables = carve.leaf_tables(),
                                .mapped = carve.block_counts(),
                                .fwb = machine().features.fwb(),
                                .devices = devices};
  const auto tables = core::build_host_tables(core.machine, core.pages, layout, std::span{mmio}.first(count), alloc);
  if (!tables) panic("the host's stage-2 tables could not be built");
  core.host = *tables;
  core.config = {.max_guest_ipa_bits = machine().max_ipa_bits, .guest_fwb = machine().features.fwb()};
  auto& state = machine_for_boot();
  state.host_vttbr = tables->root.value();
  const auto stage2 = host_stage2(tables->root);
  state.host_vtcr = stage2.vtcr;
  start_smmus(stage2);
}

void prepare_cpus(CarveOut& carve, Pa image_pa) noexcept {
  for (unsigned n = 0; n < platform.mpidrs.size(); ++n) {
    auto& cpu = carve.make_cpu(n, platform.mpidrs[n]);
    cpu_boot[n] = CpuBoot{boot_builder().root().value(), EL2_STACK_VA + (n + 1) * EL2_STACK_STRIDE - kPageSize,
                          reinterpret_cast<std::uint64_t>(&cpu)};
  }
  arm64::clean_invalidate_to_poc(cpu_boot.data(), sizeof(cpu_boot));
  psci_relay_init(image_pa.value() + image_offset(secondary_entry));
}

// The one page of RAM that belongs to EL2 in every run, whatever the loader does, so that no host ever wrote to it.
auto open_marker(const HostTree& tree, std::span<const fdt::PaRange> in_use) noexcept -> fdt::PaRange {
  const auto page = tree.marker_page();
  for (const auto& used : in_use) {
    if (!page.overlaps(used)) continue;
    log("the page at {} is Redoubt's reset marker: nothing may be loaded there", Hex{page.begin.value()});
    panic("the boot loader put something into the highest page of RAM: make it load that elsewhere");
  }
  return page;
}

auto boot_cpu_index() noexcept -> unsigned {
  const auto mpidr = RD_READ_SYSREG(MPIDR_EL1) & 0xff'00ff'ffff;
  for (unsigned n = 0; n < platform.mpidrs.size(); ++n) {
    if (platform.mpidrs[n] == mpidr) return n;
  }
  panic("the device tree does not list the CPU that is running");
}

}  // namespace

extern "C" [[noreturn]] void boot_main(std::uint64_t dtb_pa, std::uint64_t image_at) noexcept {
  const Pa image_pa{image_at};
  const auto [reader, blob] = open_tree(Pa{dtb_pa});
  if (const auto scanned = fdt::scan(reader, platform); !scanned) panic(fdt::describe(scanned.error()));
  start_console();
  log("Redoubt {} at EL2, image {} KiB at {}", kVersionText, image_offset(__image_end) >> 10, Hex{image_at});
  read_machine(image_pa);
  const auto host = find_host_image(platform, image_pa);
  HostTree tree{reader, platform, blob, host, own_smmus()};
  const auto marker = open_marker(tree, tree.in_use(image_pa));
  CarveOut carve{platform, tree.in_use(image_pa), marker};
  boot_map(EL2_LINEAR_VA + marker.begin.value(), marker.begin, kPageSize, Use::DATA);
  const auto last = arm_reset_marker(EL2_LINEAR_VA + marker.begin.value());
  tree.announce_policy();
  map_redistributors(tree.windows());
  build_host_stage2(carve, image_pa, marker, tree.windows(), tree.has_smmus());
  keep_reservations_from_guests(core_for_boot().pages, blob);
  carve.build_el2_maps();
  prepare_cpus(carve, image_pa);
  auto& cpu = cpu_at(boot_cpu_index());
  RD_WRITE_SYSREG(TPIDR_EL2, reinterpret_cast<std::uint64_t>(&cpu));
  clear_left_over(last, platform, tree.filled(image_pa, carve.range()));
  entropy_init(tree.boot_seed());
  const auto image_range = fdt::PaRange{image_pa, image_pa + machine().image_bytes};
  machine_for_boot().reserved_bytes = image_range.bytes() + carve.range().bytes() + kPageSize;
  const auto host_dtb = tree.rewrite_for_host(image_range, carve.range());
  log("{} CPUs, {} MiB RAM, {} KiB kept by the hypervisor; entering the host at EL1", platform.mpidrs.size(),
      tree.ram_bytes() >> 20, machine().reserved_bytes >> 10);
  console_release();
  set_boot_pages({.code = image_entry(__boot_text_start), .data = image_entry(__boot_data_start)});
  drop_identity();
  init_this_cpu(cpu);
  set_host_entry(cpu, host.memory.begin.value(), host_dtb.value());
  leave_boot(cpu_boot[cpu.index].stack);
}

}  // namespace redoubt::hyp
