// SPDX-License-Identifier: Apache-2.0
// The state of one page of RAM, in 32 bits. The array of these is the truth about ownership.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace redoubt::core {

enum class Owner : std::uint32_t {
  host = 0,
  hyp = 1,    // EL2's own if pinned; otherwise it serves the VM in `slot` (tables, decoy, vCPU state)
  guest = 2,  // private memory of the VM in `slot`
};

// All zero is a page that belongs exclusively to the host. Values are immutable: with_* give a changed copy.
class PageEntry final {
  using OwnerField = Field<0, 2>;
  using Slot = Field<2, 8>;
  using Pinned = Field<10>;
  using HypShared = Field<11>;
  using Decoy = Field<12>;
  using Borrows = Field<16, 16>;

  template <class F>
  [[nodiscard]] static constexpr auto make(std::uint32_t value) noexcept -> std::uint32_t {
    return static_cast<std::uint32_t>(F::make(value));
  }
  template <class F>
  [[nodiscard]] static constexpr auto mask() noexcept -> std::uint32_t {
    return static_cast<std::uint32_t>(F::kMask);
  }
  template <class F>
  [[nodiscard]] constexpr auto get() const noexcept -> std::uint32_t {
    return static_cast<std::uint32_t>(F::of(word_));
  }
  template <class F>
  [[nodiscard]] constexpr auto with(std::uint32_t value) const noexcept -> PageEntry {
    return PageEntry{static_cast<std::uint32_t>(F::set(word_, value))};
  }

 public:
  constexpr PageEntry() noexcept = default;
  constexpr explicit PageEntry(std::uint32_t word) noexcept : word_(word) {}

  [[nodiscard]] static constexpr auto hyp_pinned() noexcept -> PageEntry {
    return PageEntry{make<OwnerField>(static_cast<std::uint32_t>(Owner::hyp)) | make<Pinned>(1)};
  }
  [[nodiscard]] static constexpr auto meta_of(std::uint32_t slot) noexcept -> PageEntry {
    return PageEntry{make<OwnerField>(static_cast<std::uint32_t>(Owner::hyp)) | make<Slot>(slot)};
  }
  [[nodiscard]] static constexpr auto guest_of(std::uint32_t slot) noexcept -> PageEntry {
    return PageEntry{make<OwnerField>(static_cast<std::uint32_t>(Owner::guest)) | make<Slot>(slot)};
  }

  [[nodiscard]] constexpr auto word() const noexcept -> std::uint32_t { return word_; }
  [[nodiscard]] constexpr auto owner() const noexcept -> Owner { return static_cast<Owner>(get<OwnerField>()); }
  [[nodiscard]] constexpr auto slot() const noexcept -> std::uint32_t { return get<Slot>(); }
  [[nodiscard]] constexpr auto pinned() const noexcept -> bool { return get<Pinned>() != 0; }
  // A host page that EL2 maps too (a run page): the host may use it but not give it away.
  [[nodiscard]] constexpr auto hyp_shared() const noexcept -> bool { return get<HypShared>() != 0; }
  // The VM's decoy page is mapped at this page's host IPA.
  [[nodiscard]] constexpr auto decoy() const noexcept -> bool { return get<Decoy>() != 0; }
  // How many guest mappings borrow this host page.
  [[nodiscard]] constexpr auto borrows() const noexcept -> std::uint32_t { return get<Borrows>(); }

  [[nodiscard]] constexpr auto host_exclusive() const noexcept -> bool { return word_ == 0; }
  // A guest may borrow it: the host's, not pinned, not mapped by EL2.
  [[nodiscard]] constexpr auto lendable() const noexcept -> bool { return (word_ & ~mask<Borrows>()) == 0; }

  [[nodiscard]] constexpr auto with_hyp_shared(bool on) const noexcept -> PageEntry { return with<HypShared>(on); }
  [[nodiscard]] constexpr auto with_decoy(bool on) const noexcept -> PageEntry { return with<Decoy>(on); }
  [[nodiscard]] constexpr auto with_borrows(std::uint32_t count) const noexcept -> PageEntry {
    return with<Borrows>(count);
  }

  static constexpr std::uint32_t kMaxBorrows = 0xffff;

  constexpr auto operator==(const PageEntry&) const noexcept -> bool = default;

 private:
  std::uint32_t word_ = 0;
};

static_assert(sizeof(PageEntry) == 4);
static_assert(PageEntry{}.host_exclusive() && PageEntry{}.lendable() && PageEntry{}.owner() == Owner::host);
static_assert(PageEntry{}.with_borrows(7).borrows() == 7 && PageEntry{}.with_borrows(7).lendable());
static_assert(!PageEntry{}.with_borrows(1).host_exclusive() && !PageEntry{}.with_hyp_shared(true).lendable());
static_assert(PageEntry::guest_of(31).slot() == 31 && PageEntry::guest_of(0).owner() == Owner::guest);
static_assert(!PageEntry::guest_of(0).lendable() && !PageEntry::meta_of(0).lendable());

}  // namespace redoubt::core
