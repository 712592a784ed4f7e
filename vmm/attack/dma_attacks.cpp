// SPDX-License-Identifier: Apache-2.0
// A device is aimed at memory that the host does not have. Each attack primes the device's buffer with junk of the
// attacker's, so that what was read, and what was written, can be told from it.
#include <optional>

#include "vmm/attack/attack.hpp"
#include "vmm/attack/dma_engine.hpp"
#include "vmm/attack/own_vm.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::uint64_t kJunk = 0x6666'0000'6666'0000;
constexpr std::uint64_t kWords = kPageSize / 8;

// Pages of the attacker's, and what SMMUs stopped meanwhile.
class Bench {
 public:
  explicit Bench(const Arena& arena)
      : device_(arena.device), engine_(DmaEngine::find(device_)), junk_(device_.pages(0)), copy_(device_.pages(0)) {
    fill(junk_, kJunk);
  }

  [[nodiscard]] auto engine() const -> const std::optional<DmaEngine>& { return engine_; }
  [[nodiscard]] auto page() const -> Pfn { return device_.pages(0); }
  void fill(Pfn page, std::uint64_t value) const {
    for (std::uint64_t n = 0; n < kWords; ++n) (void)device_.store(pa_of(page) + n * 8, 8, value, Mapping::kLinear);
  }
  // What the device found at `frame`: the first word that is not junk; nullopt if it is all junk.
  [[nodiscard]] auto stolen(Pfn frame) const -> std::optional<std::uint64_t> {
    engine_->read(junk_);
    engine_->read(frame);
    engine_->write(copy_);
    for (std::uint64_t n = 0; n < kWords; ++n) {
      const auto word = device_.load(pa_of(copy_) + n * 8, 8, Mapping::kLinear);
      if (word != kJunk) return word;
    }
    return std::nullopt;
  }
  void overwrite(Pfn frame) const {
    engine_->read(junk_);
    engine_->write(frame);
  }
  [[nodiscard]] auto stopped() const -> std::uint64_t { return device_.info(RD_INFO_DMA_STOPPED); }

 private:
  const Device& device_;
  std::optional<DmaEngine> engine_;
  Pfn junk_, copy_;
};

auto no_engine() -> Outcome { return skipped("no edu device on the root bus (QEMU: -device edu)"); }

auto own_page(const Arena& arena) -> Outcome {
  const Bench bench(arena);
  if (!bench.engine()) return no_engine();
  const Pfn page = bench.page();
  bench.fill(page, 0x1234'5678);
  const auto found = bench.stolen(page);
  bench.overwrite(page);
  const bool written = arena.device.load(pa_of(page), 8, Mapping::kLinear) == kJunk;
  return found == 0x1234'5678 && written ? reached("read and written") : blocked("the device moves nothing");
}

auto read_guest(const Arena& arena) -> Outcome {
  const Bench bench(arena);
  if (!bench.engine()) return no_engine();
  const auto before = bench.stopped();
  const auto found = bench.stolen(arena.target.frames[70]);
  if (found && arena.target.secret.matches(*found)) return reached("the secret");
  return bench.stopped() != before ? blocked("stopped by the SMMU")
                                   : reached("nothing stopped it: {:#x}", found.value_or(kJunk));
}

auto write_to(const Arena& arena, Pfn frame) -> Outcome {
  const Bench bench(arena);
  if (!bench.engine()) return no_engine();
  const auto before = bench.stopped();
  bench.overwrite(frame);
  return bench.stopped() != before ? blocked("stopped by the SMMU") : reached("nothing stopped it");
}

auto write_guest(const Arena& arena) -> Outcome { return write_to(arena, arena.target.frames[71]); }
auto write_el2(const Arena& arena) -> Outcome {
  return write_to(arena, pfn_of(Pa{arena.device.info(RD_INFO_IMAGE_PA)}));
}

auto read_el2(const Arena& arena) -> Outcome {
  const Bench bench(arena);
  if (!bench.engine()) return no_engine();
  const auto before = bench.stopped();
  (void)bench.stolen(pfn_of(Pa{arena.device.info(RD_INFO_IMAGE_PA)}));
  return bench.stopped() != before ? blocked("stopped by the SMMU") : reached("nothing stopped it");
}

// The device has the page's translation in its cache when the page goes.
auto after_donation(const Arena& arena) -> Outcome {
  const Bench bench(arena);
  if (!bench.engine()) return no_engine();
  OwnVm vm(arena.device);
  const Pfn page = bench.page();
  bench.fill(page, 0x1234'5678);
  if (bench.stolen(page) != 0x1234'5678) return skipped("the device does not reach the page before");
  bench.overwrite(page);
  if (vm.donate(OwnVm::kRamGfn + 16, page) != 0) return skipped("the donation is refused");
  const auto before = bench.stopped();
  (void)bench.stolen(page);
  const auto read = bench.stopped();
  bench.overwrite(page);
  const auto written = bench.stopped();
  if (read == before) return reached("read after the donation");
  return written == read ? reached("written after the donation") : blocked("stopped by the SMMU");
}

constexpr std::string_view kStopped = "stopped by the SMMU";

constexpr Attack kAttacks[] = {
    {.name = "control-dma-own-page",
     .what = "a device reads and writes a page of the host",
     .expected = "succeeds",
     .outside = own_page,
     .dma = true},
    {.name = "dma-guest-read",
     .what = "a device is told to read a guest's page",
     .expected = kStopped,
     .outside = read_guest,
     .control = true,
     .dma = true},
    {.name = "dma-guest-write",
     .what = "a device is told to overwrite a guest's page",
     .expected = kStopped,
     .outside = write_guest,
     .dma = true},
    {.name = "dma-el2-read",
     .what = "a device is told to read EL2's image",
     .expected = kStopped,
     .outside = read_el2,
     .dma = true},
    {.name = "dma-el2-write",
     .what = "a device is told to overwrite EL2's image",
     .expected = kStopped,
     .outside = write_el2,
     .dma = true},
    {.name = "dma-after-donate",
     .what = "a device that used a page uses it again right after the page went to a guest",
     .expected = kStopped,
     .outside = after_donation,
     .dma = true},
};

}  // namespace

auto dma_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
