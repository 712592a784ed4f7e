// SPDX-License-Identifier: Apache-2.0
// Every system register encoding with op0 = 2 or 3: read, and what was read is written back. EL2's and EL3's registers
// must not exist for the host, and the machine has to live on.
#include "arch/arm64/common/cache.hpp"
#include "guest/payloads/hostile_host/hostile.hpp"
#include "guest/sdk/exceptions.hpp"

namespace redoubt::guest {
namespace {

constexpr std::uint32_t kMrs = 0xd530'0000;  // with x0 and op0 = 2
constexpr std::uint32_t kMsr = 0xd510'0000;
constexpr std::uint32_t kClearX0 = 0xaa1f'03e0;
constexpr std::uint32_t kRet = 0xd65f'03c0;
constexpr unsigned kAtOnce = 128;  // encodings: those of one op0, op1 and CRn

alignas(4096) constinit std::uint32_t code[kAtOnce * 3 + 1]{};

// o0 in bit 19, op1 in [18:16], CRn in [15:12], CRm in [11:8], op2 in [7:5].
auto encoding(unsigned group, unsigned n) noexcept -> std::uint32_t { return group << 12 | n << 5; }

// Interrupts and breakpoints are masked by PSTATE, which these keep; writing a stack pointer or its choice would not be
// the same value afterwards (the handler runs in between).
auto left_out(unsigned group, unsigned n) noexcept -> bool {
  constexpr unsigned kOp0Op1Crn = 1U << 7 | 0U << 4 | 4;  // S3_0_C4: SPSR, ELR, SP_EL0, SPSel, CurrentEL, PAN
  return group == kOp0Op1Crn && n < 3 * 8;
}

auto run_group(unsigned group, bool write) noexcept -> std::uint64_t {
  unsigned at = 0;
  for (unsigned n = 0; n < kAtOnce; ++n) {
    if (write && left_out(group, n)) continue;
    code[at++] = kClearX0;
    code[at++] = kMrs | encoding(group, n);
    if (write) code[at++] = kMsr | encoding(group, n);
  }
  code[at++] = kRet;
  arm64::sync_instructions(code, at * sizeof code[0]);
  return expecting_abort([] { reinterpret_cast<void (*)()>(reinterpret_cast<std::uintptr_t>(code))(); }).count;
}

}  // namespace

void try_registers(Report& report) noexcept {
  std::uint64_t denied = 0;
  std::uint64_t exposed = 0;
  for (unsigned group = 0; group < 256; ++group) {  // o0, op1, CRn
    const std::uint64_t undefined = run_group(group, false);
    denied += undefined;
    const unsigned op1 = group >> 4 & 7;
    const bool privileged = (group >> 7) == 1 && (op1 == 4 || op1 == 5 || op1 == 6 || op1 == 7);
    if (privileged && (group & 15) != 11 && (group & 15) != 15) exposed += kAtOnce - undefined;
    static_cast<void>(run_group(group, true));
  }
  print("{} of {} encodings are undefined\n", denied, 256 * kAtOnce);
  report.equal(exposed, 0, "no register of EL2 or EL3 can be read");
  report.check(denied != 0 && denied != 256 * kAtOnce, "some registers exist");
}

}  // namespace redoubt::guest
