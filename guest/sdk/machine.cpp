// SPDX-License-Identifier: Apache-2.0
#include "guest/sdk/machine.hpp"

#include "arch/arm64/common/sysreg_access.hpp"
#include "base/bits.hpp"
#include "guest/sdk/device_tree.hpp"
#include "guest/sdk/translation.hpp"

namespace redoubt::guest {

namespace {

using arm64::Conduit;
using arm64::Fid;

constexpr std::uint64_t kGigabyte = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxMappedRam = 256 * kGigabyte;

constinit Machine the_machine{};
alignas(kPageSize) constinit std::byte realm_configuration[arm64::rsi_config::kBytes]{};

auto text_of(const TreeProperty& property) noexcept -> std::string_view {
  std::string_view text{reinterpret_cast<const char*>(property.value), property.bytes};
  return text.substr(0, text.find('\0'));
}

void take_memory(const TreeProperty& property) noexcept {
  if (the_machine.ram_bytes != 0 || property.bytes < 16) return;
  the_machine.ram_base = Ipa{cell64(property, 0)};
  the_machine.ram_bytes = cell64(property, 2);
}

void take_cpu(const TreeProperty& property, unsigned& count) noexcept {
  if (count == kMaxCpus) return;
  const std::uint64_t affinity = property.bytes >= 8 ? cell64(property, 0) : cell32(property, 0);
  the_machine.cpus[count++] = Mpidr{affinity};
}

void read_device_tree(const void* start) noexcept {
  DeviceTree tree{start};
  if (!tree.valid()) return;
  the_machine.device_tree = static_cast<const std::byte*>(start);
  the_machine.device_tree_bytes = tree.bytes();
  std::uint32_t cursor = 0;
  unsigned cpu_count = 0;
  for (TreeProperty property; tree.next(cursor, property);) {
    if (property.depth == 1 && property.node == "psci" && property.name == "method") {
      the_machine.conduit = text_of(property) == "smc" ? Conduit::Smc : Conduit::Hvc;
    }
    if (property.depth == 1 && property.node.starts_with("memory") && property.name == "reg") take_memory(property);
    if (property.depth == 2 && property.node.starts_with("cpu@") && property.name == "reg")
      take_cpu(property, cpu_count);
    if (property.depth == 1 && property.node == "chosen" && property.name == "bootargs") {
      the_machine.boot_arguments = text_of(property);
    }
  }
  if (cpu_count != 0) the_machine.cpu_count = cpu_count;
}

// RSI exists on the smc conduit only, and an smc is undefined where the tree says hvc.
auto become_realm() noexcept -> bool {
  if (the_machine.conduit != Conduit::Smc) return false;
  const auto version = call(Fid::RSI_VERSION, arm64::kRsi1_0);
  if (version.x[0] != static_cast<std::uint64_t>(arm64::RsiStatus::SUCCESS)) return false;
  const auto page = reinterpret_cast<std::uintptr_t>(realm_configuration);
  if (call(Fid::RSI_REALM_CONFIG, page).x[0] != 0) return false;
  const auto* words = reinterpret_cast<const volatile std::uint64_t*>(page);
  the_machine.ipa_bits = static_cast<unsigned>(words[arm64::rsi_config::kIpaWidth / 8]);
  return the_machine.ipa_bits >= 32 && the_machine.ipa_bits <= 48;
}

auto speaks_pkvm() noexcept -> bool {
  const auto uid = call(Fid::VENDOR_HYP_CALL_UID);
  for (unsigned i = 0; i < 4; ++i) {
    if (static_cast<std::uint32_t>(uid.x[i]) != arm64::kKvmUid[i]) return false;
  }
  constexpr std::uint64_t kMemoryCalls = bit(2) | bit(3) | bit(4);
  return (call(Fid::KVM_FEATURES).x[0] & kMemoryCalls) == kMemoryCalls;
}

void map_what_was_found() noexcept {
  const std::uint64_t end = the_machine.ram_base.value() + the_machine.ram_bytes;
  for (std::uint64_t at = 4 * kGigabyte; at < end && at < kMaxMappedRam; at += kGigabyte) {
    map_gigabyte(Ipa{at}, MemoryKind::Normal);
  }
  if (the_machine.personality != Personality::Rsi) return;
  map_gigabyte(shared_alias(Ipa{0}), MemoryKind::Device);
  map_gigabyte(shared_alias(Ipa{kGigabyte}), MemoryKind::Normal);
}

auto digit_of(char c) noexcept -> unsigned {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return 16;
}

auto parse_number(std::string_view text, std::uint64_t fallback) noexcept -> std::uint64_t {
  const unsigned base = text.starts_with("0x") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  if (text.empty()) return fallback;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (digit_of(c) >= base) return fallback;
    value = value * base + digit_of(c);
  }
  return value;
}

}  // namespace

auto machine() noexcept -> const Machine& { return the_machine; }

void discover_machine(const void* device_tree) noexcept {
  the_machine.cpus[0] = Mpidr{RD_READ_SYSREG(MPIDR_EL1) & 0xff'00ff'ffffu};
  read_device_tree(device_tree);
  if (become_realm()) {
    the_machine.personality = Personality::Rsi;
  } else if (speaks_pkvm()) {
    the_machine.personality = Personality::Pkvm;
  }
  map_what_was_found();
}

auto shared_alias(Ipa address) noexcept -> Ipa {
  if (the_machine.personality != Personality::Rsi) return address;
  return Ipa{address.value() | bit(the_machine.ipa_bits - 1)};
}

auto device_at(Ipa base) noexcept -> volatile std::byte* {
  return reinterpret_cast<volatile std::byte*>(shared_alias(base).value());
}

auto argument(std::string_view name, std::uint64_t fallback) noexcept -> std::uint64_t {
  std::string_view rest = the_machine.boot_arguments;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : rest.size());
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
      return parse_number(word.substr(name.size() + 1), fallback);
    }
  }
  return fallback;
}

}  // namespace redoubt::guest
