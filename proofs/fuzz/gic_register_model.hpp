// SPDX-License-Identifier: Apache-2.0
// What the registers of a redistributor and of a distributor read as, one plain record for each interrupt (IHI 0069H 12.9,
// 12.11; single security state, affinity routing, five priority bits). Shares no line with vgic/.
#pragma once

#include <array>
#include <cstdint>

namespace redoubt::fuzz {

struct ModelIrq {
  bool enabled = false, group1 = true, latch = false, line = false, active = false, edge = false;
  std::uint8_t priority = 0;
  std::uint32_t route = 0;
  [[nodiscard]] auto pending() const -> bool { return latch || (line && !edge); }
};

// The banks of set and clear registers are the same in both frames: 0x80 bytes for each kind, a bit for each interrupt.
class RegisterModel {
 public:
  // [first, end): the interrupts that this frame holds; the rest read as zero and ignore writes.
  RegisterModel(unsigned first, unsigned end) : first_(first), end_(end) {}

  auto irq(unsigned number) -> ModelIrq& { return irqs_[number]; }
  [[nodiscard]] auto exists(unsigned number) const -> bool { return number >= first_ && number < end_; }

  // Of the 32 bits at `offset` in 0x80..0x3ff.
  [[nodiscard]] auto read_bits(std::uint64_t offset) const -> std::uint64_t {
    std::uint64_t value = 0;
    for (unsigned n = 0; n < 32; ++n) {
      const unsigned number = static_cast<unsigned>(offset % 0x80) * 8 + n;
      if (exists(number) && bit_of(irqs_[number], offset / 0x80)) value |= std::uint64_t{1} << n;
    }
    return value;
  }
  void write_bits(std::uint64_t offset, std::uint64_t value) {
    for (unsigned n = 0; n < 32; ++n) {
      const unsigned number = static_cast<unsigned>(offset % 0x80) * 8 + n;
      if (exists(number)) write_bit(irqs_[number], offset / 0x80, (value >> n & 1) != 0);
    }
  }
  // `bytes` priorities from that of interrupt `number` on.
  [[nodiscard]] auto read_priorities(unsigned number, unsigned bytes) const -> std::uint64_t {
    std::uint64_t value = 0;
    for (unsigned n = 0; n < bytes; ++n) {
      if (exists(number + n)) value |= std::uint64_t{irqs_[number + n].priority} << (8 * n);
    }
    return value;
  }
  void write_priorities(unsigned number, unsigned bytes, std::uint64_t value) {
    for (unsigned n = 0; n < bytes; ++n) {
      if (exists(number + n)) irqs_[number + n].priority = static_cast<std::uint8_t>(value >> (8 * n) & 0xf8);
    }
  }

 private:
  static auto bit_of(const ModelIrq& irq, std::uint64_t bank) -> bool {
    switch (bank) {
      case 1: return irq.group1;
      case 2:
      case 3: return irq.enabled;
      case 4:
      case 5: return irq.pending();
      default: return irq.active;
    }
  }
  static void write_bit(ModelIrq& irq, std::uint64_t bank, bool set) {
    switch (bank) {
      case 1: irq.group1 = set; break;
      case 2: irq.enabled = irq.enabled || set; break;
      case 3: irq.enabled = irq.enabled && !set; break;
      case 4: irq.latch = irq.latch || set; break;
      case 5: irq.latch = irq.latch && !set; break;
      case 6: irq.active = irq.active || set; break;
      default: irq.active = irq.active && !set;
    }
  }

  std::array<ModelIrq, 1024> irqs_{};
  unsigned first_, end_;
};

}  // namespace redoubt::fuzz
