// SPDX-License-Identifier: Apache-2.0
// Register accesses of any offset, width and value to a distributor and a redistributor, compared with a plain model; and
// list registers composed from what a hostile host asks for: their form is checked, and that what a guest did is what comes back.
#include <memory>

#include "proofs/fuzz/arguments.hpp"
#include "proofs/fuzz/gic_register_model.hpp"
#include "proofs/fuzz/judge.hpp"
#include "proofs/fuzz/list_register_rules.hpp"
#include "vgic/distributor.hpp"
#include "vgic/redistributor.hpp"

namespace redoubt::fuzz {
namespace {

using vgic::AccessSize;
using vgic::Intid;
using vgic::MmioOffset;

struct Access {
  std::uint64_t offset;
  AccessSize size;
  std::uint64_t value;

  [[nodiscard]] auto bytes() const -> unsigned { return static_cast<unsigned>(size); }
  [[nodiscard]] auto aligned() const -> bool { return offset % bytes() == 0; }
  [[nodiscard]] auto word_in(std::uint64_t begin, std::uint64_t end) const -> bool {
    return aligned() && bytes() == 4 && offset >= begin && offset < end;
  }
  [[nodiscard]] auto priority_in(std::uint64_t begin, std::uint64_t end) const -> bool {
    return aligned() && (bytes() == 1 || bytes() == 4) && offset >= begin && offset < end;
  }
};

class Registers {
 public:
  explicit Registers(Arguments& input) : input_(input), nr_irqs_(input.one_of({64U, 96U, 992U})), gicd_(32, nr_irqs_) {
    require(dist_->init(nr_irqs_, vgic::Affinity{0}).has_value(), "a distributor of a legal size");
    for (unsigned irq = 0; irq < 16; ++irq) gicr_.irq(irq).edge = true;
  }

  void step() {
    switch (input_.pick(8)) {
      case 0: return line();
      case 1:
      case 2: return distributor(access());
      case 3: return distributor_bank();
      case 4: return redistributor(access());
      case 5: return redistributor({vgic_sgi_base(0x80 * (1 + input_.pick(7))), AccessSize::Word, input_.word(4)});
      default: return present();
    }
  }

 private:
  static auto vgic_sgi_base(std::uint64_t offset) -> std::uint64_t { return arm64::GICR_SGI_BASE + offset; }

  auto access() -> Access {
    const std::uint64_t base = input_.one_of<std::uint64_t>({0, 0x80, 0x400, 0xc00, 0x6000, 0x10000, 0x10400, 0xffd0});
    const auto size = input_.one_of({AccessSize::Byte, AccessSize::Half, AccessSize::Word, AccessSize::Double});
    const std::uint64_t offset = input_.pick(8) == 0 ? input_.number() : base + input_.word(2) % 0x500;
    return {offset, size, input_.number()};
  }
  void distributor_bank() {
    distributor({0x80 * (1 + input_.pick(7)) + 4 * input_.pick(32), AccessSize::Word, input_.number()});
  }

  void line() {
    const auto irq = static_cast<std::uint32_t>(input_.pick(4) == 0 ? input_.number() : input_.pick(nr_irqs_));
    const bool high = input_.coin();
    irqs_.set_level(Intid{irq}, high);
    if (irq >= 16 && irq < 32) gicr_.irq(irq).line = high;
    const bool pulse = input_.pick(4) == 0;
    const auto kick = pulse ? dist_->pulse(Intid{irq}) : dist_->set_line(Intid{irq}, high);
    if (!gicd_.exists(irq)) return require(!kick, "no kick for what is no SPI");
    ModelIrq& spi = gicd_.irq(irq);
    if (pulse || (spi.edge && high && !spi.line)) spi.latch = true;
    if (!pulse) spi.line = high;
  }

  void distributor(const Access& a) {
    dist_->write(MmioOffset{a.offset}, a.size, a.value);
    if (a.word_in(0x80, 0x400)) gicd_.write_bits(a.offset, a.value);
    if (a.priority_in(0x400, 0x800))
      gicd_.write_priorities(static_cast<unsigned>(a.offset - 0x400), a.bytes(), a.value);
    if (a.word_in(0xc00, 0xd00)) configure(static_cast<unsigned>(a.offset - 0xc00) * 4, a.value);
    if (a.aligned() && a.offset >= 0x6000 && a.offset < 0x8000 && a.bytes() >= 4 && a.offset % 8 == 0) {
      const auto irq = static_cast<unsigned>(a.offset - 0x6000) / 8;
      if (gicd_.exists(irq)) gicd_.irq(irq).route = static_cast<std::uint32_t>(a.value) & 0x80ff'ffff;
    }
    const std::uint64_t got = dist_->read(MmioOffset{a.offset}, a.size);
    require(got == distributor_reads(a, got), "a distributor register reads as the model says");
  }
  void configure(unsigned first, std::uint64_t value) {
    for (unsigned n = 0; n < 16; ++n) {
      if (gicd_.exists(first + n)) gicd_.irq(first + n).edge = (value >> (2 * n + 1) & 1) != 0;
    }
  }
  // `got` for the registers that are not the model's: control and identification.
  auto distributor_reads(const Access& a, std::uint64_t got) -> std::uint64_t {
    if (a.word_in(0, 0xc) || a.word_in(0xffd0, 0x10000)) return got;
    if (a.word_in(0x80, 0x400)) return gicd_.read_bits(a.offset);
    if (a.priority_in(0x400, 0x800)) return gicd_.read_priorities(static_cast<unsigned>(a.offset - 0x400), a.bytes());
    if (a.word_in(0xc00, 0xd00)) return configuration(static_cast<unsigned>(a.offset - 0xc00) * 4);
    if (a.aligned() && a.offset >= 0x6000 && a.offset < 0x8000 && a.bytes() >= 4) {
      const auto irq = static_cast<unsigned>(a.offset - 0x6000) / 8;
      return gicd_.exists(irq) && a.offset % 8 == 0 ? gicd_.irq(irq).route : 0;
    }
    return 0;
  }
  auto configuration(unsigned first) -> std::uint64_t {
    std::uint64_t value = 0;
    for (unsigned n = 0; n < 16; ++n) {
      if (gicd_.exists(first + n) && gicd_.irq(first + n).edge) value |= std::uint64_t{2} << (2 * n);
    }
    return value;
  }

  void redistributor(const Access& a) {
    vgic::redistributor_write(irqs_, MmioOffset{a.offset}, a.size, a.value);
    const std::uint64_t sgi = a.offset - arm64::GICR_SGI_BASE;
    if (a.word_in(vgic_sgi_base(0x80), vgic_sgi_base(0x400)) && sgi % 0x80 == 0) gicr_.write_bits(sgi, a.value);
    const bool priority = a.priority_in(vgic_sgi_base(0x400), vgic_sgi_base(0x420));
    if (priority) gicr_.write_priorities(static_cast<unsigned>(sgi - 0x400), a.bytes(), a.value);
    const vgic::RedistConfig config{vgic::Affinity{3}, 3, true};
    const std::uint64_t got = vgic::redistributor_read(irqs_, config, MmioOffset{a.offset}, a.size);
    std::uint64_t wanted = a.offset < arm64::GICR_SGI_BASE ? got : 0;
    if (a.word_in(vgic_sgi_base(0x80), vgic_sgi_base(0x400)) && sgi % 0x80 == 0) wanted = gicr_.read_bits(sgi);
    if (priority) wanted = gicr_.read_priorities(static_cast<unsigned>(sgi - 0x400), a.bytes());
    if (a.word_in(vgic_sgi_base(0xc00), vgic_sgi_base(0xc04))) wanted = 0xaaaa'aaaa;
    require(got == wanted, "a redistributor register reads as the model says");
  }

  // One run of the guest: the host's requests go in, the guest acknowledges and ends, everything comes back.
  void present() {
    vgic::SpiEnableMirror mirror;
    mirror.observe_write(MmioOffset{arm64::GICD_ISENABLER + 4}, AccessSize::Word, input_.word(4));
    const bool filter = input_.coin();
    std::array<vgic::SpiRequest, 20> requests{};
    const unsigned count = input_.pick(4) == 0 ? input_.pick(requests.size() + 1) : input_.pick(5);
    for (unsigned n = 0; n < count; ++n) {
      requests[n] = {Intid{input_.pick(8) == 0 ? static_cast<std::uint32_t>(input_.number()) : 30U + input_.pick(40)},
                     input_.pick(16), input_.byte()};
    }
    spis_.load(std::span{requests}.first(count), nr_irqs_, filter ? &mirror : nullptr);
    irqs_.set_groups(vgic::GroupEnables::of_ctlr(input_.pick(4)));
    const vgic::GicCpuConfig config{input_.one_of<std::uint8_t>({1, 2, 4, 16}), 0xf8,
                                    input_.one_of<std::uint16_t>({0, 27})};
    const ListRegisterRules rules{irqs_, spis_, config, nr_irqs_, filter ? &mirror : nullptr};
    vgic::LrFile file;
    vgic::compose(irqs_, spis_, config, file);
    rules.check(file);
    GuestRun run{file, gicr_};
    while (input_.pick(3) != 0 && !input_.done()) run.act(input_.pick(16), input_.coin());
    vgic::fold(irqs_, spis_, file, 0);
    require(file.used == 0, "a folded file is empty");
    require(irqs_.pending_bits() == gicr_.read_bits(0x200), "pending is what the guest left");
    require(irqs_.active_bits() == gicr_.read_bits(0x300), "active is what the guest left");
  }

  Arguments& input_;
  unsigned nr_irqs_;
  RegisterModel gicd_, gicr_{0, 32};
  std::unique_ptr<vgic::Distributor> dist_ = std::make_unique<vgic::Distributor>();
  vgic::PrivateIrqs irqs_;
  vgic::SpiSet spis_;
};

}  // namespace
}  // namespace redoubt::fuzz

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  redoubt::fuzz::Arguments input{data, size};
  redoubt::fuzz::Registers registers{input};
  while (!input.done()) {
    registers.step();
    redoubt::fuzz::count_checked();
  }
  return 0;
}
