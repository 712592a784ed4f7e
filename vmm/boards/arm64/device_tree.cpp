// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/device_tree.hpp"

#include <span>

#include <fmt/format.h>

#include "vmm/boards/arm64/fdt_writer.hpp"
#include "vmm/boards/arm64/layout.hpp"

namespace redoubt::vmm::arm64 {
namespace {

using Node = FdtWriter::Node;

constexpr std::uint32_t kGicPhandle = 1;
constexpr std::uint32_t kClockPhandle = 2;
constexpr std::uint32_t kUartClockHz = 24000000;

// Interrupt specifiers (Linux bindings arm,gic-v3): kind, number, trigger.
constexpr std::uint32_t kSpi = 0;
constexpr std::uint32_t kPpi = 1;
constexpr std::uint32_t kEdgeRising = 1;
constexpr std::uint32_t kLevelHigh = 4;

void add_chosen(FdtWriter& fdt, const DeviceTreeInput& input) {
  const Node node(fdt, "chosen");
  fdt.text("bootargs", input.bootargs);
  fdt.text("stdout-path", fmt::format("/pl011@{:x}", kUart.value()));
  if (input.initrd) {
    fdt.quads("linux,initrd-start", {input.initrd->base.value()});
    fdt.quads("linux,initrd-end", {input.initrd->base.value() + input.initrd->bytes});
  }
  if (input.seed.size() == kSeedBytes) {
    const std::span<const std::byte> seed{input.seed};
    fdt.bytes("kaslr-seed", seed.first(kKaslrSeedBytes));
    fdt.bytes("rng-seed", seed.subspan(kKaslrSeedBytes));
  }
}

void add_cpus(FdtWriter& fdt, const DeviceTreeInput& input) {
  const Node node(fdt, "cpus");
  fdt.cells("#address-cells", {2});
  fdt.cells("#size-cells", {0});
  for (const std::uint64_t affinity : input.cpu_affinities) {
    const Node cpu(fdt, fmt::format("cpu@{:x}", affinity));
    fdt.text("device_type", "cpu");
    fdt.text("compatible", "arm,armv8");
    fdt.text("enable-method", "psci");
    fdt.quads("reg", {affinity});
  }
}

void add_psci(FdtWriter& fdt, bool by_smc) {
  const Node node(fdt, "psci");
  fdt.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
  fdt.text("method", by_smc ? "smc" : "hvc");
}

void add_timer(FdtWriter& fdt) {
  const Node node(fdt, "timer");
  fdt.text("compatible", "arm,armv8-timer");
  fdt.flag("always-on");
  // Secure, physical, virtual, hypervisor: PPIs 13, 14, 11, 10 (Arm BSA).
  fdt.cells("interrupts", {kPpi, 13, kLevelHigh, kPpi, 14, kLevelHigh, kPpi, 11, kLevelHigh, kPpi, 10, kLevelHigh});
}

void add_pmu(FdtWriter& fdt) {
  const Node node(fdt, "pmu");
  fdt.text("compatible", "arm,armv8-pmuv3");
  fdt.cells("interrupts", {kPpi, kPmuPpi.number, kLevelHigh});
}

void add_gic(FdtWriter& fdt, std::size_t cpus) {
  const Node node(fdt, fmt::format("intc@{:x}", kGicDist.value()));
  fdt.text("compatible", "arm,gic-v3");
  fdt.cells("#interrupt-cells", {3});
  fdt.flag("interrupt-controller");
  fdt.quads("reg", {kGicDist.value(), kGicDistBytes, kGicRedist.value(), cpus * kGicRedistBytesPerCpu});
  fdt.cells("phandle", {kGicPhandle});
}

void add_uart(FdtWriter& fdt) {
  {
    const Node clock(fdt, "apb-pclk");
    fdt.text("compatible", "fixed-clock");
    fdt.cells("#clock-cells", {0});
    fdt.cells("clock-frequency", {kUartClockHz});
    fdt.cells("phandle", {kClockPhandle});
  }
  const Node node(fdt, fmt::format("pl011@{:x}", kUart.value()));
  fdt.texts("compatible", {"arm,pl011", "arm,primecell"});
  fdt.quads("reg", {kUart.value(), kUartBytes});
  fdt.cells("interrupts", {kSpi, kUartSpi.number, kLevelHigh});
  fdt.cells("clocks", {kClockPhandle, kClockPhandle});
  fdt.texts("clock-names", {"uartclk", "apb_pclk"});
}

void add_virtio(FdtWriter& fdt, unsigned slot) {
  const Node node(fdt, fmt::format("virtio_mmio@{:x}", virtio_base(slot).value()));
  fdt.text("compatible", "virtio,mmio");
  fdt.quads("reg", {virtio_base(slot).value(), kVirtioBytes});
  // Edge: an irqfd without resampling is a pulse.
  fdt.cells("interrupts", {kSpi, virtio_spi(slot).number, kEdgeRising});
  fdt.flag("dma-coherent");
}

}  // namespace

auto build_device_tree(const DeviceTreeInput& input) -> std::vector<std::byte> {
  FdtWriter fdt(kMaxDtbBytes);
  {
    const Node root(fdt, "");
    fdt.text("compatible", "linux,dummy-virt");
    fdt.text("model", "Redoubt virtual machine");
    fdt.cells("#address-cells", {2});
    fdt.cells("#size-cells", {2});
    fdt.cells("interrupt-parent", {kGicPhandle});
    add_chosen(fdt, input);
    {
      const Node memory(fdt, fmt::format("memory@{:x}", kRam.value()));
      fdt.text("device_type", "memory");
      fdt.quads("reg", {kRam.value(), input.ram_bytes});
    }
    add_cpus(fdt, input);
    add_psci(fdt, input.psci_by_smc);
    add_timer(fdt);
    if (input.pmu) add_pmu(fdt);
    add_gic(fdt, input.cpu_affinities.size());
    add_uart(fdt);
    for (unsigned slot = 0; slot < input.virtio_devices; ++slot) add_virtio(fdt, slot);
  }
  return fdt.finish();
}

}  // namespace redoubt::vmm::arm64
