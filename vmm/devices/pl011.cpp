// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/pl011.hpp"

#include <algorithm>
#include <cstring>

namespace redoubt::vmm {
namespace {

// Register offsets (DDI 0183, table 3-1).
enum : std::uint64_t {
  kUartDr = 0x000,
  kUartFr = 0x018,
  kUartIbrd = 0x024,
  kUartFbrd = 0x028,
  kUartLcrH = 0x02c,
  kUartCr = 0x030,
  kUartIfls = 0x034,
  kUartImsc = 0x038,
  kUartRis = 0x03c,
  kUartMis = 0x040,
  kUartIcr = 0x044,
  kUartIds = 0xfe0,
};

constexpr std::uint32_t kFrRxfe = 1u << 4;
constexpr std::uint32_t kFrTxff = 1u << 5;
constexpr std::uint32_t kFrRxff = 1u << 6;
constexpr std::uint32_t kFrTxfe = 1u << 7;
constexpr std::uint32_t kLcrFen = 1u << 4;
constexpr std::uint32_t kIntRx = 1u << 4;
constexpr std::uint32_t kIntTx = 1u << 5;
constexpr std::uint32_t kIntMask = 0x7ff;

// UARTPeriphID0..3 of revision r1p1 (16-byte FIFOs) and UARTPCellID0..3: how Linux recognises the device.
constexpr std::array<std::uint8_t, 8> kIds{0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

// A driver that was told the FIFO is not full may send this much before it looks again.
constexpr std::size_t kTransmitFifo = 16;

}  // namespace

Pl011::Pl011(IrqLine& irq, ConsoleBackend& backend) : irq_(irq), backend_(backend) {}

void Pl011::read(std::uint64_t offset, std::span<std::byte> to) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t value = read_register(offset & ~std::uint64_t{3});
  std::ranges::fill(to, std::byte{0});
  std::memcpy(to.data(), &value, std::min(to.size(), sizeof value));
}

void Pl011::write(std::uint64_t offset, std::span<const std::byte> from) {
  std::uint32_t value = 0;
  std::memcpy(&value, from.data(), std::min(from.size(), sizeof value));
  const std::lock_guard lock(mutex_);
  write_register(offset & ~std::uint64_t{3}, value);
  update_irq();
}

auto Pl011::read_register(std::uint64_t offset) -> std::uint32_t {
  if (offset >= kUartIds) return kIds[(offset - kUartIds) / 4 % kIds.size()];
  switch (offset) {
    case kUartDr: return pop_received();
    case kUartFr: return flags();
    case kUartIbrd: return ibrd_;
    case kUartFbrd: return fbrd_;
    case kUartLcrH: return lcr_h_;
    case kUartCr: return cr_;
    case kUartIfls: return ifls_;
    case kUartImsc: return imsc_;
    case kUartRis: return ris_;
    case kUartMis: return ris_ & imsc_;
    default: return 0;
  }
}

void Pl011::write_register(std::uint64_t offset, std::uint32_t value) {
  switch (offset) {
    case kUartDr: transmit(static_cast<std::byte>(value)); break;
    case kUartIbrd: ibrd_ = value & 0xffff; break;
    case kUartFbrd: fbrd_ = value & 0x3f; break;
    case kUartLcrH: lcr_h_ = value & 0xff; break;
    case kUartCr: cr_ = value & 0xffff; break;
    case kUartIfls: ifls_ = value & 0x3f; break;
    case kUartImsc: imsc_ = value & kIntMask; break;
    case kUartIcr: ris_ &= ~value; break;
    default: break;
  }
}

auto Pl011::pop_received() -> std::uint32_t {
  if (fifo_count_ == 0) return 0;
  const auto value = static_cast<std::uint32_t>(fifo_[fifo_first_]);
  fifo_first_ = (fifo_first_ + 1) % kFifo;
  if (--fifo_count_ == 0) ris_ &= ~kIntRx;
  update_irq();
  if (starved_backend_) {
    starved_backend_ = false;
    backend_.input_wanted();
  }
  return value;
}

void Pl011::transmit(std::byte byte) {
  // What does not fit is lost, as on hardware: FR.TXFF said so before.
  static_cast<void>(backend_.write(std::span{&byte, 1}));
  if (backend_.room() >= kTransmitFifo) {
    ris_ |= kIntTx;
  } else {
    ris_ &= ~kIntTx;
  }
}

auto Pl011::flags() -> std::uint32_t {
  std::uint32_t flags = backend_.room() >= kTransmitFifo ? kFrTxfe : kFrTxff;
  if (fifo_count_ == 0) flags |= kFrRxfe;
  if (fifo_count_ == fifo_capacity()) flags |= kFrRxff;
  return flags;
}

auto Pl011::fifo_capacity() const -> std::size_t { return (lcr_h_ & kLcrFen) != 0 ? kFifo : 1; }

auto Pl011::receive(std::span<const std::byte> bytes) -> std::size_t {
  const std::lock_guard lock(mutex_);
  std::size_t taken = 0;
  while (taken < bytes.size() && fifo_count_ < fifo_capacity()) {
    fifo_[(fifo_first_ + fifo_count_++) % kFifo] = bytes[taken++];
  }
  if (taken != 0) ris_ |= kIntRx;
  starved_backend_ = taken < bytes.size();
  update_irq();
  return taken;
}

void Pl011::output_drained() {
  const std::lock_guard lock(mutex_);
  ris_ |= kIntTx;
  update_irq();
}

void Pl011::update_irq() {
  const bool high = (ris_ & imsc_) != 0;
  if (high != irq_high_) irq_.set_level(high);
  irq_high_ = high;
}

}  // namespace redoubt::vmm
