// SPDX-License-Identifier: Apache-2.0
// Devices that write memory for whoever programs them. Addresses are those of QEMU's virt board; on another board these
// attacks are skipped. A fault at the register page is the defence: the device cannot be told anything.
#include <sched.h>

#include <fstream>
#include <iterator>

#include "vmm/attack/attack.hpp"
#include "vmm/attack/cpu_pin.hpp"
#include "vmm/attack/dma_engine.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr Pa kFwCfg{0x0902'0000};
constexpr Pa kVirtioMmio{0x0a00'0000};
constexpr Pa kIts{0x0808'0000};
constexpr Pa kItsTranslater{0x0809'0040};
constexpr Pa kSmmu{0x0905'0000};
constexpr Pa kPcieConfig{0x40'1000'0000};
constexpr std::uint64_t kCtlr = 0x0;
constexpr std::uint64_t kPropbaser = 0x70;
constexpr std::uint64_t kPendbaser = 0x78;

[[nodiscard]] auto is_virt_board() -> bool {
  std::ifstream file("/proc/device-tree/compatible");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.find("linux,dummy-virt") != std::string::npos;
}

// Every register of a device that an attack needs is out of reach.
[[nodiscard]] auto unreachable(const Arena& arena, std::initializer_list<Pa> registers, std::uint64_t value)
    -> Outcome {
  if (!is_virt_board()) return skipped("not QEMU's virt board");
  for (const Pa pa : registers) {
    if (arena.device.load(pa, 4, Mapping::kDevice)) return reached("{:#x} can be read", pa.value());
    if (arena.device.store(pa, 4, value, Mapping::kDevice)) return reached("{:#x} can be written", pa.value());
  }
  return blocked("fault at the register page");
}

[[nodiscard]] auto el2(const Arena& arena) -> std::uint64_t { return arena.device.info(RD_INFO_IMAGE_PA); }

auto fwcfg_dma(const Arena& arena) -> Outcome { return unreachable(arena, {kFwCfg + 0x10, kFwCfg + 0x14}, el2(arena)); }
auto fwcfg_direct(const Arena& arena) -> Outcome { return unreachable(arena, {kFwCfg + 8, kFwCfg}, 0); }
auto virtio_poke(const Arena& arena) -> Outcome {
  return unreachable(arena, {kVirtioMmio, kVirtioMmio + 0x3e00}, el2(arena));
}
auto its_poke(const Arena& arena) -> Outcome {
  return unreachable(arena, {kIts + 0x100, kIts + 0x104, kIts}, el2(arena));
}
auto its_zero(const Arena& arena) -> Outcome {
  return unreachable(arena, {kIts + 0x80, kIts + 0x88, kIts + 0x90}, el2(arena));
}
auto its_translate(const Arena& arena) -> Outcome { return unreachable(arena, {kItsTranslater}, 0); }
auto smmu_own(const Arena& arena) -> Outcome { return unreachable(arena, {kSmmu + 0x20, kSmmu + 0x80}, el2(arena)); }
// The host has PCI only behind an SMMU of EL2's: then the attacks of dma_attacks.cpp are what counts.
auto pcie_config(const Arena& arena) -> Outcome {
  const bool strict = arena.device.info(RD_INFO_DMA_POLICY) == RD_DMA_STRICT;
  if (strict && DmaEngine::pci_is_here(arena.device)) return blocked("PCI is behind an SMMU");
  return unreachable(arena, {kPcieConfig, kPcieConfig + 0x8000}, 0);
}

// The redistributor whose affinity is this CPU's.
[[nodiscard]] auto own_redistributor(const Arena& arena) -> std::optional<Pa> {
  constexpr Pa kFirst{0x080a'0000};
  constexpr unsigned kMost = 123;
  if (!is_virt_board()) return std::nullopt;
  const std::uint64_t mpidr = arena.device.read_register(RD_ATTACK_MPIDR);
  const std::uint64_t wanted = (mpidr & 0xff'ffff) | ((mpidr >> 32 & 0xff) << 24);
  for (unsigned n = 0; n < kMost; ++n) {
    const Pa frame = kFirst + n * std::uint64_t{0x2'0000};
    const auto typer = arena.device.load(frame + 8, 8, Mapping::kDevice);
    if (!typer) break;
    if (*typer >> 32 == wanted) return frame;
  }
  return std::nullopt;
}

// Aims the redistributor's LPI tables at `target` and switches LPIs on; what it took of that.
[[nodiscard]] auto aim_lpi_tables(const Arena& arena, Pa target) -> Outcome {
  const CpuPin pin(0);
  const auto frame = own_redistributor(arena);
  if (!frame) return skipped("no redistributor of this CPU found");
  const Device& device = arena.device;
  const auto before = device.load(*frame + kPendbaser, 8, Mapping::kDevice).value_or(0);
  const auto ctlr = device.load(*frame + kCtlr, 4, Mapping::kDevice).value_or(0);
  (void)device.store(*frame + kPropbaser, 8, target.value() | 0x0f, Mapping::kDevice);
  (void)device.store(*frame + kPendbaser, 8, target.value(), Mapping::kDevice);
  (void)device.store(*frame + kPendbaser, 4, target.value() & 0xffff'ffff, Mapping::kDevice);
  (void)device.store(*frame + kCtlr, 4, ctlr | 1, Mapping::kDevice);
  const auto enabled = device.load(*frame + kCtlr, 4, Mapping::kDevice).value_or(0) & 1;
  const auto prop = device.load(*frame + kPropbaser, 8, Mapping::kDevice).value_or(0);
  const auto pend = device.load(*frame + kPendbaser, 8, Mapping::kDevice).value_or(0);
  if (enabled != 0 || prop != 0 || pend != before) {
    return reached("EnableLPIs {}, PROPBASER {:#x}, PENDBASER {:#x}", enabled, prop, pend);
  }
  return blocked("EnableLPIs stays 0, PROPBASER 0, PENDBASER unchanged");
}

auto lpi_read_clear(const Arena& arena) -> Outcome { return aim_lpi_tables(arena, Pa{el2(arena)}); }
auto lpi_live_rewrite(const Arena& arena) -> Outcome { return aim_lpi_tables(arena, pa_of(arena.target.frames[40])); }

auto typer_without_lpis(const Arena& arena) -> Outcome {
  const CpuPin pin(0);
  const auto frame = own_redistributor(arena);
  if (!frame) return skipped("no redistributor of this CPU found");
  const auto typer = arena.device.load(*frame + 8, 8, Mapping::kDevice).value_or(1);
  return (typer & 1) != 0 ? reached("GICR_TYPER.PLPIS = 1") : blocked("GICR_TYPER.PLPIS = 0");
}

constexpr std::string_view kUnreachable = "fault at the register page";

constexpr Attack kAttacks[] = {
    {.name = "dma-fwcfg",
     .what = "fw_cfg's DMA interface is aimed at EL2",
     .expected = kUnreachable,
     .outside = fwcfg_dma},
    {.name = "fwcfg-direct", .what = "fw_cfg's data register", .expected = kUnreachable, .outside = fwcfg_direct},
    {.name = "vmmio-rng-poke",
     .what = "a virtio-mmio device is given a queue in EL2",
     .expected = kUnreachable,
     .outside = virtio_poke},
    {.name = "its-mapd-poke",
     .what = "GITS_BASERn and GITS_CTLR are aimed at EL2",
     .expected = kUnreachable,
     .outside = its_poke},
    {.name = "its-mapc-zero", .what = "GITS_CBASER: a command queue", .expected = kUnreachable, .outside = its_zero},
    {.name = "its-mapti-poke", .what = "GITS_TRANSLATER", .expected = kUnreachable, .outside = its_translate},
    {.name = "smmu-forged-ste", .what = "the SMMU's stream table", .expected = kUnreachable, .outside = smmu_own},
    {.name = "vpci-no-platform",
     .what = "PCI configuration space, to find a device that does DMA",
     .expected = kUnreachable,
     .outside = pcie_config},
    {.name = "gicr-lpi-read-clear",
     .what = "the redistributor's LPI tables are aimed at EL2 and switched on",
     .expected = "ignored",
     .outside = lpi_read_clear},
    {.name = "gicr-pend-live-rewrite",
     .what = "the redistributor's LPI tables are aimed at a guest page",
     .expected = "ignored",
     .outside = lpi_live_rewrite},
    {.name = "gicr-prop-oracle",
     .what = "the redistributor offers LPIs",
     .expected = "GICR_TYPER.PLPIS = 0",
     .outside = typer_without_lpis},
};

}  // namespace

auto platform_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
