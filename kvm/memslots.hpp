// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The memslots of one VM: which part of the VMM's address space is guest memory, and where the guest sees it.
//
// Called under the VM's slot lock: change() and commit() for writing, the rest for reading.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/addr.hpp"
#include "kvm/errno.hpp"

namespace redoubt::kvm {

inline constexpr std::size_t kMaxMemslots = 64;
inline constexpr std::uint32_t kMemslotLogDirty = 1U << 0U;  // KVM_MEM_LOG_DIRTY_PAGES
inline constexpr std::uint32_t kMemslotReadonly = 1U << 1U;  // KVM_MEM_READONLY

// An address in the VMM's process, bytes. Never dereferenced here.
using Hva = redoubt::detail::Quantity<struct HvaTag>;

// struct kvm_userspace_memory_region, unvalidated.
struct MemslotRequest {
  std::uint32_t id = 0;  // address space in bits 31:16; only 0 exists
  std::uint32_t flags = 0;
  std::uint64_t ipa = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hva = 0;
};

struct Memslot {
  std::uint32_t id = 0;
  std::uint32_t flags = 0;
  Gfn first;
  std::uint64_t pages = 0;
  Hva hva;

  [[nodiscard]] constexpr auto contains(Gfn gfn) const noexcept -> bool {
    return gfn >= first && gfn.value() - first.value() < pages;
  }
  [[nodiscard]] constexpr auto end() const noexcept -> Gfn { return first + pages; }
  [[nodiscard]] constexpr auto readonly() const noexcept -> bool { return (flags & kMemslotReadonly) != 0; }
  // Precondition: contains(gfn).
  [[nodiscard]] constexpr auto hva_of(Gfn gfn) const noexcept -> Hva {
    return Hva{hva.value() + ((gfn.value() - first.value()) << kPageShift)};
  }
};

// What a request amounts to. The caller unmaps `removed` from the guest, then commits.
struct MemslotChange {
  std::optional<Memslot> removed;
  std::optional<Memslot> added;
};

class Memslots {
 public:
  // ipa_limit: first address above guest memory (below the shared alias for a protected VM).
  constexpr explicit Memslots(Ipa ipa_limit) noexcept : ipa_limit_(ipa_limit) {}

  // Validates. kInval: malformed, misaligned, above the limit, changed size, dirty logging, deletion of a slot that is
  // not there. kExist: overlaps another slot.
  [[nodiscard]] auto change(const MemslotRequest& request) const noexcept -> KvmResult<MemslotChange>;
  // Precondition: `change` is the answer to the last change(), nothing was committed since.
  void commit(const MemslotChange& change) noexcept;

  [[nodiscard]] auto find(Gfn gfn) const noexcept -> const Memslot*;
  // Slots by ascending guest address; nullptr beyond the last.
  [[nodiscard]] auto at(std::size_t index) const noexcept -> const Memslot*;
  [[nodiscard]] auto total_pages() const noexcept -> std::uint64_t;

 private:
  [[nodiscard]] auto by_id(std::uint32_t id) const noexcept -> const Memslot*;
  [[nodiscard]] auto parse(const MemslotRequest& request) const noexcept -> KvmResult<Memslot>;
  [[nodiscard]] auto overlaps_other(const Memslot& slot) const noexcept -> bool;
  void erase(std::uint32_t id) noexcept;
  void insert(const Memslot& slot) noexcept;

  Ipa ipa_limit_;
  std::size_t count_ = 0;
  std::array<Memslot, kMaxMemslots> slots_{};  // ascending by first, no overlaps
};

}  // namespace redoubt::kvm
