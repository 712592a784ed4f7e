// SPDX-License-Identifier: Apache-2.0
// What one call touches, by number: a fixed table with open addressing that is emptied in no time.
#pragma once

#include <array>
#include <cstdint>

namespace redoubt::oracle {

template <class Value, unsigned kBits>
class TouchMap final {
 public:
  static constexpr unsigned kSize = 1U << kBits;
  static constexpr unsigned kMost = kSize * 3 / 4;

  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t epoch = 0;
    Value value{};
  };

  // Before first use as well: epoch 0 is that of a place never used, so that a new map is all zero.
  void clear() noexcept {
    ++epoch_;
    used_ = 0;
  }
  [[nodiscard]] auto size() const noexcept -> unsigned { return used_; }
  // The n-th that came in.
  [[nodiscard]] auto at(unsigned n) noexcept -> Entry& { return entries_[order_[n]]; }
  // True once more came than fit: what follows means nothing.
  [[nodiscard]] auto overflowed() const noexcept -> bool { return used_ >= kMost; }

  [[nodiscard]] auto find(std::uint64_t key) noexcept -> Value* {
    Entry& entry = entries_[place_of(key)];
    return entry.epoch == epoch_ ? &entry.value : nullptr;
  }
  auto insert(std::uint64_t key, const Value& value) noexcept -> Value& {
    const std::uint32_t place = place_of(key);
    Entry& entry = entries_[place];
    if (entry.epoch != epoch_ && used_ < kMost) order_[used_++] = place;
    entry = Entry{key, epoch_, value};
    return entry.value;
  }

 private:
  // Of the key, or the free place where it belongs. A free place is always found: kMost < kSize.
  [[nodiscard]] auto place_of(std::uint64_t key) const noexcept -> std::uint32_t {
    auto place = static_cast<std::uint32_t>(key * 0x9e37'79b9'7f4a'7c15U >> (64 - kBits));
    for (unsigned tries = 0; tries < kSize; ++tries) {
      const Entry& entry = entries_[place];
      if (entry.epoch != epoch_ || entry.key == key) break;
      place = (place + 1) % kSize;
    }
    return place;
  }

  std::array<Entry, kSize> entries_{};
  std::array<std::uint32_t, kMost> order_{};
  std::uint32_t epoch_ = 0;
  unsigned used_ = 0;
};

}  // namespace redoubt::oracle
