// SPDX-License-Identifier: Apache-2.0
// Costs of leaving the guest. Under QEMU -icount shift=0 one virtual nanosecond is one retired instruction of the whole
// machine. HINT #100 and HINT #101 bracket each loop for an instruction-counting plugin. Boot arguments: iterations=N
// (default 2048), pages=N for first touch (default 2048).
#include "arch/arm64/common/mmio.hpp"
#include "arch/arm64_defs/gic.hpp"
#include "base/bits.hpp"
#include "guest/sdk/gic.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/timer.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "bench";

namespace {

constexpr std::uint64_t kBlock = 2u << 20;
constexpr std::size_t kUartPeripheralId = 0xfe0;

// One line: "bench <name>: <n> iterations, <ns> ns each". The first round warms caches and page tables up.
template <class Body>
void measure(std::string_view name, std::uint64_t iterations, bool warm_up, Body body) noexcept {
  if (warm_up) body(0);
  const std::uint64_t start = timer::now();
  asm volatile("hint #100" ::: "memory");
  for (std::uint64_t i = 0; i < iterations; ++i) body(i);
  asm volatile("hint #101" ::: "memory");
  const std::uint64_t ns = timer::ns_of(timer::now() - start);
  print("bench {}: {} iterations, {} ns each, {} ns in all\n", name, iterations, ns / iterations, ns);
}

// The bare call, without loading and storing eighteen registers around it.
#define RD_BARE_CALL(instruction)                                                                                     \
  register std::uint64_t rd_function asm("x0") = static_cast<std::uint64_t>(arm64::Fid::SMCCC_VERSION);               \
  asm volatile(instruction " #0"                                                                                      \
               : "+r"(rd_function)::"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", \
                 "x14", "x15", "x16", "x17", "memory")

void bare_call() noexcept {
  if (machine().conduit == arm64::Conduit::Smc) {
    RD_BARE_CALL("smc");
  } else {
    RD_BARE_CALL("hvc");
  }
}

void measure_exits(std::uint64_t n) noexcept {
  measure("loop", n, true, [](std::uint64_t) { asm volatile("" ::: "memory"); });
  measure("call_version", n, true, [](std::uint64_t) { bare_call(); });
  volatile std::byte* redist = gic::redistributor() + arm64::GICR_ISENABLER0;
  measure("gicr_read", n, true, [=](std::uint64_t) { static_cast<void>(arm64::mmio_read<std::uint32_t>(redist)); });
  volatile std::byte* dist = gic::distributor() + arm64::GICD_IIDR;
  measure("gicd_read", n, true, [=](std::uint64_t) { static_cast<void>(arm64::mmio_read<std::uint32_t>(dist)); });
  volatile std::byte* uart = device_at(kUartBase) + kUartPeripheralId;
  measure("mmio_user_read", n, true, [=](std::uint64_t) { static_cast<void>(arm64::mmio_read<std::uint32_t>(uart)); });
  measure("id_register", n, true, [](std::uint64_t) { static_cast<void>(RD_READ_SYSREG(ID_AA64PFR0_EL1)); });
  measure("sgi_to_self", n, true, [](std::uint64_t) {
    gic::send_sgi(machine().cpus[0], gic::Intid{1});
    std::uint64_t intid = gic::kSpurious.value;
    while (intid >= arm64::kGicFirstSpecial) intid = RD_READ_SYSREG(ICC_IAR1_EL1);
    RD_WRITE_SYSREG(ICC_EOIR1_EL1, intid);
  });
}

// The upper half of RAM is neither image nor tree: nothing has been there yet.
void measure_first_touch(std::uint64_t pages) noexcept {
  const std::uint64_t half = align_down(machine().ram_base.value() + machine().ram_bytes / 2 + kBlock, kBlock);
  const std::uint64_t room = (machine().ram_base.value() + machine().ram_bytes - half) / kPageSize;
  const std::uint64_t n = pages < room ? pages : room;
  if (n == 0) return;
  const auto touch = [=](std::uint64_t i) { *reinterpret_cast<volatile std::uint64_t*>(half + i * kPageSize) = i; };
  measure("first_touch", n, false, touch);
  measure("second_touch", n, false, touch);
}

}  // namespace

void run_payload(Report& report) noexcept {
  gic::init_distributor(nullptr);
  if (!report.check(gic::init_cpu(), "the boot CPU has a redistributor")) return;
  gic::enable(gic::Intid{1}, gic::kPriorityNormal);
  const std::uint64_t iterations = argument("iterations", 2048);
  if (!report.check(iterations != 0, "there is something to do")) return;
  measure_exits(iterations);
  measure_first_touch(argument("pages", 2048));
}

}  // namespace redoubt::guest
