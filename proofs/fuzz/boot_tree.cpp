// SPDX-License-Identifier: Apache-2.0
// A boot loader's device tree of any bytes, read as EL2's boot code reads it, in the same order: what is refused may be
// anything; what is accepted must be a machine that EL2 can own. The tree for the host must say no more than EL2 decided.
#include <algorithm>
#include <array>
#include <csetjmp>
#include <vector>

#include "hyp/boot/boot_map.hpp"
#include "hyp/boot/image.hpp"
#include "hyp/boot/placement.hpp"
#include "hyp/fdt/policy.hpp"
#include "hyp/fdt/reservations.hpp"
#include "hyp/fdt/rewrite.hpp"
#include "hyp/fdt/windows.hpp"
#include "hyp/log/log.hpp"
#include "hyp/log/panic.hpp"
#include "proofs/fuzz/arguments.hpp"
#include "proofs/fuzz/judge.hpp"

namespace {
std::jmp_buf refused;  // where boot stops with a message
}

// What the boot code is linked with on the machine.
const volatile std::uint64_t payload_record[4] = {};
namespace redoubt::hyp {
void panic(std::string_view) noexcept { std::longjmp(refused, 1); }
void log_line(std::string_view, std::span<const LogArgument>) noexcept {}
void boot_identity(Pa, std::uint64_t) noexcept {}
}  // namespace redoubt::hyp

namespace redoubt::fuzz {
namespace {

using hyp::fdt::Bytes;
using hyp::fdt::PaRange;
using hyp::fdt::PlatformInfo;
using hyp::fdt::Policy;
using hyp::fdt::Reader;

constexpr std::uint64_t kCarveOutBytes = std::uint64_t{4} << 20;
constexpr std::size_t kParameters = 8;  // the last bytes of the tree also choose policy and places

auto whole_pages(const PaRange& range) -> bool {
  return range.begin < range.end && range.begin.value() % kPageSize == 0 && range.end.value() % kPageSize == 0 &&
         range.end.value() <= hyp::fdt::kPaLimit;
}
auto inside(std::span<const PaRange> all, const PaRange& range) -> bool {
  return std::ranges::any_of(
      all, [&range](const PaRange& each) { return each.begin <= range.begin && range.end <= each.end; });
}
auto disjoint(std::span<const PaRange> all, const PaRange& range) -> bool {
  return std::ranges::none_of(all, [&range](const PaRange& each) { return each.overlaps(range); });
}
void require_set(std::span<const PaRange> ranges) {
  for (std::size_t n = 0; n < ranges.size(); ++n) {
    require(whole_pages(ranges[n]), "ranges are whole pages below 48 bits");
    require(n == 0 || ranges[n - 1].end < ranges[n].begin, "ranges are sorted, disjoint and merged");
  }
}

void check_platform(const PlatformInfo& info) {
  require(!info.ram.ranges().empty(), "an accepted machine has RAM");
  require_set(info.ram.ranges());
  require(info.cpu_nodes >= info.mpidrs.size() && !info.mpidrs.empty(), "an accepted machine has CPUs");
  require(!info.gic.redistributors.empty(), "and a GIC with redistributors");
  require(info.timer.phys.has_value(), "and a timer that the host may have");
  for (const auto& reserved : info.reserved) {
    require(reserved.range.begin < reserved.range.end, "a reservation holds something");
    require(reserved.range.end.value() <= hyp::fdt::kPaLimit, "a reservation ends below 48 bits");
  }
  for (const auto& module : info.chosen.modules)
    require(module.range.begin < module.range.end, "a module holds something");
}

void check_windows(const PlatformInfo& info, const hyp::fdt::Windows& windows, const PaRange& forbidden, bool open) {
  require_set(windows.set.ranges());
  for (const PaRange& window : windows.set.ranges()) {
    require(disjoint(info.ram.ranges(), window), "no window onto RAM");
    require(!window.overlaps(forbidden), "no window onto what is forbidden");
    require(!window.overlaps(info.gic.distributor), "no window onto the distributor");
    for (const PaRange& gicr : info.gic.redistributors) require(!window.overlaps(gicr), "nor onto a redistributor");
    for (const PaRange& its : info.gic.its) require(!window.overlaps(its), "nor onto an ITS");
    for (const auto& smmu : info.smmus) require(open || !window.overlaps(smmu.registers), "strict: nor onto an SMMU");
  }
}

class Boot {
 public:
  Boot(Bytes blob, Arguments parameters) : blob_(blob.begin(), blob.end()), input_(parameters) {}

  void run() {
    const auto reader = Reader::open(blob_);
    if (!reader || !hyp::fdt::scan(*reader, info_)) return;
    check_platform(info_);
    policy_.dma = input_.coin() ? hyp::fdt::Dma::OPEN : hyp::fdt::Dma::STRICT;
    const PaRange& first = info_.ram.ranges().front();
    const auto image = *PaRange::make(first.begin.value(), kPageSize);
    hyp::fdt::Windows windows;
    const PaRange& forbidden = image;
    if (!hyp::fdt::mmio_windows(*reader, policy_, info_, {&forbidden, 1}, windows)) return;
    check_windows(info_, windows, forbidden, policy_.dma == hyp::fdt::Dma::OPEN);
    const auto dtb = *PaRange::make(first.begin.value() + kPageSize * input_.byte(), blob_.size());
    const auto marker = hyp::fdt::marker_page(info_, dtb);
    if (!marker) return;
    check_marker(*marker, dtb);
    const std::array<PaRange, 3> in_use{image, dtb.pages_touched(), reserved_or(image)};
    const PaRange carve_out = hyp::place_carve_out(info_, kCarveOutBytes, in_use, *marker);
    require(whole_pages(carve_out) && carve_out.bytes() == kCarveOutBytes, "the carve-out has its size");
    require(inside(info_.ram.ranges(), carve_out), "the carve-out is RAM");
    require(disjoint(in_use, carve_out) && !carve_out.overlaps(*marker), "the carve-out is nobody else's");
    rewrite(*reader, image, carve_out, *marker);
  }

 private:
  auto reserved_or(const PaRange& other) -> PaRange {
    if (info_.reserved.empty()) return other;
    const auto& reserved = info_.reserved[input_.pick(info_.reserved.size())].range;
    return reserved.pages_touched();
  }

  void check_marker(const PaRange& marker, const PaRange& dtb) const {
    require(whole_pages(marker) && marker.bytes() == kPageSize, "the marker is a page");
    require(inside(info_.ram.ranges(), marker), "the marker is in RAM");
    for (const auto& reserved : info_.reserved) {
      const bool firmware = hyp::fdt::firmware_owns(info_, dtb, reserved.range);
      require(!firmware || !reserved.range.overlaps(marker), "the marker is not in the firmware's memory");
    }
  }

  void rewrite(const Reader& reader, const PaRange& image, const PaRange& carve_out, const PaRange& marker) {
    hyp::fdt::RangeSet<hyp::fdt::kMaxRamRanges + 3> ram;
    for (const PaRange& range : info_.ram.ranges()) require(ram.insert(range), "RAM fits");
    if (!ram.remove(image) || !ram.remove(carve_out) || !ram.remove(marker)) return;
    static const std::array<std::byte, 64> kSeed{std::byte{1}};
    const std::array<hyp::fdt::NodeProperty, 1> node{hyp::fdt::NodeProperty::of_u32("redoubt,abi-version", 1)};
    const hyp::fdt::HostEdits edits{
        .ram = ram.ranges(), .rng_seed = kSeed, .kaslr_seed = {}, .initrd = {}, .bootargs = {}, .node = node};
    std::vector<std::byte> out(blob_.size() + 2048);
    const auto size = hyp::fdt::rewrite(reader, info_, policy_, edits, out);
    if (!size) {
      require(size.error() != hyp::fdt::FdtError::NO_ROOM, "room for the source and the edits is enough");
      return;
    }
    out.resize(*size);
    check_host_tree(out, ram.ranges(), edits);
  }

  // A device that policy removes may be the one that a host cannot do without: it will not start, and that is all.
  static void require_removed(hyp::fdt::FdtError error) {
    using enum hyp::fdt::FdtError;
    require(error == NO_TIMER || error == NO_PSCI || error == NO_GIC || error == NO_CPU, hyp::fdt::describe(error));
  }

  void check_host_tree(const std::vector<std::byte>& tree, std::span<const PaRange> ram,
                       const hyp::fdt::HostEdits& edits) {
    const auto reader = Reader::open(tree);
    require(reader.has_value(), "the host's tree can be read");
    PlatformInfo info;
    if (const auto scanned = hyp::fdt::scan(*reader, info); !scanned) return require_removed(scanned.error());
    require(std::ranges::equal(info.ram.ranges(), ram), "the host's tree has the host's RAM and no other");
    require(!info.timer.virt.has_value(), "the virtual timer is the guests'");
    require(info.gic.its.empty(), "no ITS is left");
    require(info.chosen.modules.empty(), "boot modules are consumed");
    require(policy_.dma == hyp::fdt::Dma::OPEN || info.smmus.empty(), "strict: no SMMU is left");
    require(info.chosen.rng_seed.bytes == 64 && info.chosen.kaslr_seed.bytes == 0, "seeds are EL2's");
    hyp::fdt::RemovedLog log;
    hyp::fdt::list_removed(*reader, policy_, log);
    require(log.entries.empty() && log.unlisted == 0, "what policy removes is gone");
    std::vector<std::byte> again(tree.size() + 2048);
    const auto size = hyp::fdt::rewrite(*reader, info, policy_, edits, again);
    require(size.has_value(), "the host's tree can be rewritten");
    again.resize(*size);
    require(again == tree, "rewriting again changes nothing");
  }

  std::vector<std::byte> blob_;
  Arguments input_;
  PlatformInfo info_;
  Policy policy_;
};

}  // namespace
}  // namespace redoubt::fuzz

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  using namespace redoubt::fuzz;
  const std::size_t parameters = size < kParameters ? size : kParameters;
  count_checked();
  Boot boot{std::as_bytes(std::span{data, size}), Arguments{data + size - parameters, parameters}};
  if (setjmp(refused) == 0) boot.run();
  return 0;
}
