// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// KVM_IOEVENTFD: guest writes that signal an event instead of going to the VMM. MMIO only.
//
// Called under the VM's slot lock: add and remove for writing, match for reading.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/addr.hpp"
#include "kvm/errno.hpp"

namespace redoubt::kvm {

inline constexpr std::size_t kMaxIoevents = 256;
// The owner's number of an event; the table does not look into it.
using IoeventHandle = std::uint32_t;

struct Ioevent {
  Ipa address;
  std::uint32_t bytes = 0;  // 1, 2, 4, 8, or 0: a write of any width
  bool match_data = false;
  std::uint64_t data = 0;  // compared with the low `bytes` bytes of the write if match_data
  IoeventHandle handle = 0;
};

class Ioevents {
 public:
  // kInval: a width that does not exist, or data to match without a width. kExist: a write could match this one and
  // another. kNoSpc: table full.
  [[nodiscard]] auto add(const Ioevent& event) noexcept -> KvmResult<>;
  // The handle of the event that was added with these values (its own handle aside). kNoEnt: none.
  [[nodiscard]] auto remove(const Ioevent& event) noexcept -> KvmResult<IoeventHandle>;
  [[nodiscard]] auto match(Ipa address, std::uint32_t bytes, std::uint64_t value) const noexcept
      -> std::optional<IoeventHandle>;

 private:
  [[nodiscard]] auto find(const Ioevent& event) const noexcept -> std::optional<std::size_t>;
  std::size_t count_ = 0;
  std::array<Ioevent, kMaxIoevents> events_{};
};

}  // namespace redoubt::kvm
