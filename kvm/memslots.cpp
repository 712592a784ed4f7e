// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/memslots.hpp"

#include "base/bits.hpp"

namespace redoubt::kvm {

auto Memslots::by_id(std::uint32_t id) const noexcept -> const Memslot* {
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].id == id) return &slots_[i];
  }
  return nullptr;
}

auto Memslots::parse(const MemslotRequest& request) const noexcept -> KvmResult<Memslot> {
  constexpr std::uint64_t kUserLimit = std::uint64_t{1} << 52U;
  if ((request.flags & ~kMemslotReadonly) != 0) return KvmError{Errno::kInval};
  if (!aligned(request.ipa | request.bytes | request.hva, kPageSize)) return KvmError{Errno::kInval};
  if (request.ipa >= ipa_limit_.value() || request.bytes > ipa_limit_.value() - request.ipa) {
    return KvmError{Errno::kInval};
  }
  if (request.hva >= kUserLimit || request.bytes > kUserLimit - request.hva) return KvmError{Errno::kInval};
  return Memslot{.id = request.id,
                 .flags = request.flags,
                 .first = gfn_of(Ipa{request.ipa}),
                 .pages = request.bytes >> kPageShift,
                 .hva = Hva{request.hva}};
}

auto Memslots::overlaps_other(const Memslot& slot) const noexcept -> bool {
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].id != slot.id && slots_[i].first < slot.end() && slot.first < slots_[i].end()) return true;
  }
  return false;
}

auto Memslots::change(const MemslotRequest& request) const noexcept -> KvmResult<MemslotChange> {
  if (request.id >= kMaxMemslots) return KvmError{Errno::kInval};
  const Memslot* old = by_id(request.id);
  if (request.bytes == 0) {
    if (old == nullptr) return KvmError{Errno::kInval};
    return MemslotChange{.removed = *old, .added = std::nullopt};
  }
  const auto slot = parse(request);
  if (!slot) return KvmError{slot.error()};
  if (overlaps_other(*slot)) return KvmError{Errno::kExist};
  if (old == nullptr) return MemslotChange{.removed = std::nullopt, .added = *slot};
  // As KVM: an existing slot may move or change its flags, never its size or backing.
  if (old->pages != slot->pages || old->hva != slot->hva) return KvmError{Errno::kInval};
  if (old->first == slot->first && old->flags == slot->flags) return MemslotChange{};
  return MemslotChange{.removed = *old, .added = *slot};
}

void Memslots::erase(std::uint32_t id) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].id != id) slots_[kept++] = slots_[i];
  }
  count_ = kept;
}

void Memslots::insert(const Memslot& slot) noexcept {
  if (count_ == kMaxMemslots) return;
  std::size_t place = count_;
  for (; place > 0 && slots_[place - 1].first > slot.first; --place) slots_[place] = slots_[place - 1];
  slots_[place] = slot;
  ++count_;
}

void Memslots::commit(const MemslotChange& change) noexcept {
  if (change.removed) erase(change.removed->id);
  if (change.added) insert(*change.added);
}

auto Memslots::find(Gfn gfn) const noexcept -> const Memslot* {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (slots_[middle].end() <= gfn) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count_ && slots_[low].contains(gfn) ? &slots_[low] : nullptr;
}

auto Memslots::at(std::size_t index) const noexcept -> const Memslot* {
  return index < count_ ? &slots_[index] : nullptr;
}

auto Memslots::total_pages() const noexcept -> std::uint64_t {
  std::uint64_t pages = 0;
  for (std::size_t i = 0; i < count_; ++i) pages += slots_[i].pages;
  return pages;
}

}  // namespace redoubt::kvm
