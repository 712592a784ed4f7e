// SPDX-License-Identifier: Apache-2.0
// What this guest runs on, as found at boot from the device tree and by asking over the PSCI conduit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "arch/arm64/common/smccc_call.hpp"
#include "base/addr.hpp"

namespace redoubt::guest {

inline constexpr unsigned kMaxCpus = 16;

// The virtual platform every VMM of this project offers (and QEMU's virt machine has too).
inline constexpr Ipa kUartBase{0x0900'0000};
inline constexpr Ipa kGicdBase{0x0800'0000};
inline constexpr Ipa kGicrBase{0x080a'0000};

struct Mpidr {
  std::uint64_t value = 0;  // affinity fields only
  constexpr auto operator==(const Mpidr&) const noexcept -> bool = default;
};

enum class Personality : std::uint8_t {
  Plain,  // no protection, or none that tells
  Rsi,    // Realm Services Interface answered: devices live in the shared half of the IPA space
  Pkvm,   // pKVM's MEM_SHARE and relatives answered
};

struct Machine {
  arm64::Conduit conduit = arm64::Conduit::Hvc;
  Personality personality = Personality::Plain;
  unsigned ipa_bits = 0;  // personality rsi only: width of the IPA space
  Ipa ram_base{0x4000'0000};
  std::uint64_t ram_bytes = 0;
  unsigned cpu_count = 1;
  Mpidr cpus[kMaxCpus] = {};
  std::string_view boot_arguments;
  const std::byte* device_tree = nullptr;
  std::size_t device_tree_bytes = 0;

  [[nodiscard]] auto is_protected() const noexcept -> bool { return personality != Personality::Plain; }
};

[[nodiscard]] auto machine() noexcept -> const Machine&;

// Called once on the boot CPU with translation on. Maps RAM beyond 4 GiB and, under rsi, the shared half's devices.
void discover_machine(const void* device_tree) noexcept;

// A device register block at the address this guest has to use for it.
[[nodiscard]] auto device_at(Ipa base) noexcept -> volatile std::byte*;

// The address of the same frame in the shared half of the IPA space; the address itself without personality rsi.
[[nodiscard]] auto shared_alias(Ipa address) noexcept -> Ipa;

// Value of `name=123` or `name=0x7b` in the boot arguments; `fallback` if absent or not a number.
[[nodiscard]] auto argument(std::string_view name, std::uint64_t fallback) noexcept -> std::uint64_t;

// A call over the machine's conduit.
template <class... Args>
[[nodiscard]] auto call(arm64::Fid function, Args... args) noexcept -> arm64::SmcccRegs {
  return arm64::smccc(machine().conduit, function, args...);
}

}  // namespace redoubt::guest
