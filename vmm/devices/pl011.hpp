// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell UART (PL011, Arm DDI 0183): what Linux needs for a console from its first message on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "vmm/backend/console_backend.hpp"
#include "vmm/vm/irq_line.hpp"
#include "vmm/vm/mmio_bus.hpp"

namespace redoubt::vmm {

class Pl011 final : public MmioDevice, public ConsoleDevice {
 public:
  // The line is used as a level. Both outlive the device.
  Pl011(IrqLine& irq, ConsoleBackend& backend);

  void read(std::uint64_t offset, std::span<std::byte> to) override;
  void write(std::uint64_t offset, std::span<const std::byte> from) override;
  [[nodiscard]] auto receive(std::span<const std::byte> bytes) -> std::size_t override;
  void output_drained() override;

 private:
  static constexpr std::size_t kFifo = 16;

  [[nodiscard]] auto read_register(std::uint64_t offset) -> std::uint32_t;
  void write_register(std::uint64_t offset, std::uint32_t value);
  [[nodiscard]] auto pop_received() -> std::uint32_t;
  void transmit(std::byte byte);
  [[nodiscard]] auto flags() -> std::uint32_t;
  [[nodiscard]] auto fifo_capacity() const -> std::size_t;
  void update_irq();

  IrqLine& irq_;
  ConsoleBackend& backend_;
  std::mutex mutex_;  // guards everything below
  std::array<std::byte, kFifo> fifo_{};
  std::size_t fifo_first_ = 0;
  std::size_t fifo_count_ = 0;
  bool starved_backend_ = false;  // receive() refused bytes: the backend waits for input_wanted()
  bool irq_high_ = false;
  std::uint32_t ibrd_ = 0;
  std::uint32_t fbrd_ = 0;
  std::uint32_t lcr_h_ = 0;
  std::uint32_t cr_ = 0x300;  // TXE, RXE
  std::uint32_t ifls_ = 0x12;
  std::uint32_t imsc_ = 0;
  std::uint32_t ris_ = 0;
};

}  // namespace redoubt::vmm
