// SPDX-License-Identifier: Apache-2.0
// A hostile host: the parts of the payload, and what they share.
#pragma once

#include <atomic>
#include <cstdint>

#include "abi/hypercall.h"
#include "arch/arm64/common/smccc_call.hpp"
#include "guest/sdk/payload.hpp"

namespace redoubt::guest {

// Pages that are given away and taken back: four aligned blocks of RAM that nothing else uses.
inline constexpr std::uint64_t kArenaPages = 2048;
struct Arena {
  std::uint64_t first = 0;  // frame
  std::uint64_t ram_first = 0;
  std::uint64_t ram_pages = 0;
  std::uint64_t closed = 0;      // first frame that EL2 never lets the host touch
  std::uint64_t closed_run = 0;  // how many follow each other from there
  std::uint64_t closed_pages = 0;
};
[[nodiscard]] auto arena() noexcept -> const Arena&;

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed * 0x9e37'79b9'7f4a'7c15U + 0x1234'5678'9abc'def1U) {}
  [[nodiscard]] auto next() noexcept -> std::uint64_t {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545'f491'4f6c'dd1dU;
  }
  // Below n; n > 0.
  [[nodiscard]] auto pick(std::uint64_t n) noexcept -> std::uint64_t { return (next() >> 16) % n; }
  [[nodiscard]] auto one_in(std::uint64_t n) noexcept -> bool { return pick(n) == 0; }

 private:
  std::uint64_t state_;
};

struct Answer {
  std::int64_t status = 0;
  std::uint64_t value = 0;
};
// x4..x17 must come back as they went: every call checks it and counts in broken_registers.
extern std::atomic<std::uint64_t> broken_registers;
[[nodiscard]] auto hypercall(std::uint64_t number, std::uint64_t x1 = 0, std::uint64_t x2 = 0, std::uint64_t x3 = 0,
                             std::uint64_t x4 = 0, std::uint64_t x5 = 0) noexcept -> Answer;
[[nodiscard]] inline auto info(std::uint64_t key) noexcept -> std::uint64_t {
  return hypercall(RD_CALL_INFO, key).value;
}

// Calls from all CPUs until each has made `calls`; clear_up gives every page back.
void storm(Report& report, std::uint64_t seed, std::uint64_t calls) noexcept;
void clear_up(Report& report) noexcept;

// Reads, writes and jumps to every frame.
void find_arena(Report& report) noexcept;
void try_every_frame(Report& report, const char* when) noexcept;

void try_firmware(Report& report, std::uint64_t seed) noexcept;
void try_registers(Report& report) noexcept;

}  // namespace redoubt::guest
