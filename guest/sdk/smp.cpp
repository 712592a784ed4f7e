// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/smp.hpp"

#include "arch/arm64/common/cache.hpp"
#include "guest/sdk/cpu.hpp"
#include "guest/sdk/psci.hpp"
#include "guest/sdk/timer.hpp"
#include "guest/sdk/translation.hpp"

extern "C" void secondary_entry() noexcept;

namespace redoubt::guest {

namespace {

constexpr std::size_t kStackBytes = 8192;

// Read by start.S with caches off.
struct alignas(64) CpuStart {
  std::uint64_t stack_top;
  std::uint64_t translation_root;
  std::uint64_t index;
  CpuFunction function;
};

struct alignas(16) Stack {
  std::byte bytes[kStackBytes];
};

constinit Cpu cpu_blocks[kMaxCpus]{};
constinit CpuStart cpu_starts[kMaxCpus]{};
constinit Stack stacks[kMaxCpus]{};

}  // namespace

void install_cpu(unsigned index) noexcept {
  Cpu& cpu = cpu_blocks[index];
  cpu = Cpu{};
  cpu.index = index;
  cpu.mpidr = machine().cpus[index];
  RD_WRITE_SYSREG(TPIDRRO_EL0, reinterpret_cast<std::uintptr_t>(&cpu));
}

auto secondary_entry_address() noexcept -> Ipa { return Ipa{reinterpret_cast<std::uintptr_t>(&::secondary_entry)}; }

auto start_cpu(unsigned index, CpuFunction function) noexcept -> arm64::PsciStatus {
  CpuStart& start = cpu_starts[index];
  start = {.stack_top = reinterpret_cast<std::uintptr_t>(&stacks[index]) + kStackBytes,
           .translation_root = translation_root(),
           .index = index,
           .function = function};
  arm64::clean_to_poc(&start, sizeof start);
  return psci::cpu_on(machine().cpus[index], secondary_entry_address(), reinterpret_cast<std::uintptr_t>(&start));
}

auto wait_until_off(unsigned index, std::uint64_t milliseconds) noexcept -> bool {
  constexpr auto kOff = static_cast<std::int64_t>(arm64::PsciAffinity::OFF);
  return timer::wait_for(milliseconds, [=] { return psci::affinity_info(machine().cpus[index], 0) == kOff; });
}

extern "C" void secondary_cpu_main(const CpuStart* start) noexcept {
  const auto index = static_cast<unsigned>(start->index);
  install_cpu(index);
  start->function(index);
  static_cast<void>(psci::cpu_off());
}

}  // namespace redoubt::guest
