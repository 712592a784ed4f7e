// SPDX-License-Identifier: Apache-2.0
#include "hyp/log/panic.hpp"

#include <atomic>

#include "arch/arm64/common/sysreg_access.hpp"
#include "hyp/log/log.hpp"
#include "hyp/mm/layout.h"

namespace redoubt::hyp {
namespace {

constexpr unsigned kMaxFrames = 24;
constinit std::atomic<bool> panicking{false};

[[noreturn]] void stop_here() noexcept {
  for (;;) asm volatile("wfi");
}

// Frame records (AAPCS64): {previous FP, LR}. Only addresses inside EL2's own stacks or image are followed.
void print_backtrace(std::uint64_t frame) noexcept {
  for (unsigned depth = 0; depth < kMaxFrames; ++depth) {
    const bool on_stack = frame >= EL2_IMAGE_VA && frame < EL2_STACK_VA + EL2_MAX_CPUS * EL2_STACK_STRIDE;
    if (!on_stack || (frame & 15) != 0) return;
    const auto* const record = reinterpret_cast<const std::uint64_t*>(frame);
    if (record[1] == 0) return;
    // The signed part of a return address is above the 48-bit virtual address.
    log("el2: #{} {}", depth, Hex{record[1] & 0xffff'ffff'ffff});
    if (record[0] <= frame) return;
    frame = record[0];
  }
}

[[noreturn]] void report(std::string_view reason, std::uint64_t frame) noexcept {
  if (panicking.exchange(true)) stop_here();
  (void)el2_closed.exchange(true);
  log_without_lock();
  console_seize();
  log("PANIC at EL2: {}", reason);
  print_backtrace(frame);
  log("this CPU is stopped, the others stop at their next entry to EL2; guests' memory stays unreachable");
  stop_here();
}

}  // namespace

constinit std::atomic<bool> el2_closed{false};

void panic(std::string_view reason) noexcept {
  report(reason, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
}

// From el2_fault in vectors.S.
extern "C" [[noreturn]] void panic_on_exception(std::uint64_t kind, std::uint64_t sp, std::uint64_t frame,
                                                std::uint64_t lr) noexcept {
  if (!panicking.load()) {
    log_without_lock();
    console_seize();
    log("exception at EL2, vector {}: ESR {} ELR {} FAR {} SPSR {} SP {}", kind, Hex{RD_READ_SYSREG(ESR_EL2)},
        Hex{RD_READ_SYSREG(ELR_EL2)}, Hex{RD_READ_SYSREG(FAR_EL2)}, Hex{RD_READ_SYSREG(SPSR_EL2)}, Hex{sp});
    log("el2: #pc {}", Hex{RD_READ_SYSREG(ELR_EL2)});
    log("el2: #lr {}", Hex{lr & 0xffff'ffff'ffff});
  }
  report("exception at EL2", frame);
}

}  // namespace redoubt::hyp

// libstdc++'s bounds checks (span, array, optional) end here.
namespace std {
void __glibcxx_assert_fail(const char*, int, const char* function, const char* condition) noexcept {
  redoubt::hyp::log("assertion in {}", function);
  redoubt::hyp::panic(condition);
}
}  // namespace std
