// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/exceptions.hpp"

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "guest/sdk/console.hpp"
#include "guest/sdk/psci.hpp"

namespace redoubt::guest {

namespace {

constinit IrqEntry irq_entry = nullptr;

enum class VectorKind : std::uint64_t { SyncEl1h = 4, IrqEl1h = 5 };

[[noreturn]] void die(std::uint64_t vector, const TrapFrame& frame) noexcept {
  Cpu& cpu = this_cpu();
  if (cpu.dying) {
    for (;;) arm64::wfi();
  }
  cpu.dying = true;
  print("FAIL exception: vector {} cpu {} ESR {x} ELR {x} FAR {x} SPSR {x}\n", vector, cpu.index,
        RD_READ_SYSREG(ESR_EL1), frame.ELR, RD_READ_SYSREG(FAR_EL1), frame.SPSR);
  for (unsigned i = 0; i < 31; i += 2) print("  x{} {x} x{} {x}\n", i, frame.x[i], i + 1, i < 30 ? frame.x[i + 1] : 0);
  psci::system_off();
}

void skip_expected(Cpu& cpu, TrapFrame& frame) noexcept {
  cpu.abort.count += 1;
  cpu.abort.ESR = RD_READ_SYSREG(ESR_EL1);
  cpu.abort.ELR = frame.ELR;
  cpu.abort.FAR = RD_READ_SYSREG(FAR_EL1);
  const bool fetch = arm64::exception_class(cpu.abort.ESR) == arm64::ExceptionClass::INSTRUCTION_ABORT_SAME;
  frame.ELR = fetch ? frame.x[30] : frame.ELR + 4;
}

}  // namespace

void set_irq_entry(IrqEntry entry) noexcept { irq_entry = entry; }

extern "C" void handle_exception(std::uint64_t vector, TrapFrame& frame) noexcept {
  Cpu& cpu = this_cpu();
  const auto kind = static_cast<VectorKind>(vector);
  if (kind == VectorKind::SyncEl1h && cpu.abort_expected) return skip_expected(cpu, frame);
  if (kind == VectorKind::IrqEl1h && irq_entry != nullptr) return irq_entry();
  die(vector, frame);
}

}  // namespace redoubt::guest

// The library's assertions (_GLIBCXX_ASSERTIONS) end here.
namespace std {
void __glibcxx_assert_fail(const char* file, int line, const char* function, const char* condition) noexcept {
  redoubt::guest::print("FAIL assertion {}:{} {}: {}\n", file, line, function, condition);
  redoubt::guest::psci::system_off();
}
}  // namespace std
