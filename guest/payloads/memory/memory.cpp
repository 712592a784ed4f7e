// SPDX-License-Identifier: Apache-2.0
// All RAM: zero at first where that is promised, writable and lasting. Boot argument zero=1 expects zeros of any VMM.
#include "base/bits.hpp"
#include "guest/sdk/machine.hpp"
#include "guest/sdk/payload.hpp"

extern "C" const std::byte __image_start[];
extern "C" const std::byte __bss_end[];

namespace redoubt::guest {

const std::string_view kPayloadName = "memory";

namespace {

constexpr std::uint64_t kPatternBytes = 64u << 20;
constexpr std::uint64_t kWordsPerPage = kPageSize / 8;

auto overlaps(std::uint64_t page, std::uint64_t start, std::uint64_t end) noexcept -> bool {
  return page + kPageSize > start && page < end;
}

// This image and the device tree.
auto is_ours(std::uint64_t page) noexcept -> bool {
  const auto tree = reinterpret_cast<std::uintptr_t>(machine().device_tree);
  return overlaps(page, reinterpret_cast<std::uintptr_t>(__image_start), reinterpret_cast<std::uintptr_t>(__bss_end)) ||
         overlaps(page, tree, tree + machine().device_tree_bytes);
}

auto words_at(std::uint64_t page) noexcept -> volatile std::uint64_t* {
  return reinterpret_cast<volatile std::uint64_t*>(page);
}

auto ram_end() noexcept -> std::uint64_t {
  return align_down(machine().ram_base.value() + machine().ram_bytes, kPageSize);
}

template <class Visit>
void for_each_free_page(std::uint64_t from, std::uint64_t to, Visit visit) noexcept {
  for (std::uint64_t page = from; page < to; page += kPageSize) {
    if (!is_ours(page)) visit(words_at(page), page);
  }
}

auto is_zero(const volatile std::uint64_t* words) noexcept -> bool {
  std::uint64_t any = 0;
  for (std::uint64_t i = 0; i < kWordsPerPage; ++i) any |= words[i];
  return any == 0;
}

// Below the image lies what the VMM loaded besides it (a boot stub), which is not promised to be zero.
void check_zero(Report& report) noexcept {
  std::uint64_t dirty = 0;
  std::uint64_t first = 0;
  const auto start = align_down(reinterpret_cast<std::uintptr_t>(__image_start), kPageSize);
  for_each_free_page(start, ram_end(), [&](volatile std::uint64_t* words, std::uint64_t page) {
    if (is_zero(words)) return;
    if (dirty++ == 0) first = page;
  });
  if (dirty != 0) print("{} pages not zero, the first at {x}\n", dirty, first);
  if (machine().is_protected() || argument("zero", 0) != 0) {
    report.equal(dirty, 0, "all RAM but the image and the tree reads as zero");
  }
}

// First and last word of each page, written in one pass and read in another: pages are not confused with one another.
void check_every_page(Report& report) noexcept {
  std::uint64_t pages = 0;
  for_each_free_page(machine().ram_base.value(), ram_end(), [&](volatile std::uint64_t* words, std::uint64_t page) {
    words[0] = page;
    words[kWordsPerPage - 1] = ~page;
    ++pages;
  });
  std::uint64_t wrong = 0;
  for_each_free_page(machine().ram_base.value(), ram_end(), [&](volatile std::uint64_t* words, std::uint64_t page) {
    wrong += words[0] != page || words[kWordsPerPage - 1] != ~page ? 1 : 0;
  });
  print("{} pages touched\n", pages);
  report.equal(wrong, 0, "every page keeps what was written to it");
  report.check(pages >= machine().ram_bytes / kPageSize * 9 / 10, "nearly all of RAM was tried");
}

auto pattern_at(std::uint64_t address) noexcept -> std::uint64_t {
  return (address ^ 0x5bd1'e995'0000'0001) * 0x9e37'79b9'7f4a'7c15;
}

void check_pattern(Report& report) noexcept {
  const std::uint64_t end = ram_end();
  const std::uint64_t room = end - machine().ram_base.value();
  const std::uint64_t start = end - (room / 2 < kPatternBytes ? align_down(room / 2, kPageSize) : kPatternBytes);
  for_each_free_page(start, end, [](volatile std::uint64_t* words, std::uint64_t page) {
    for (std::uint64_t i = 0; i < kWordsPerPage; ++i) words[i] = pattern_at(page + i * 8);
  });
  std::uint64_t wrong = 0;
  for_each_free_page(start, end, [&](volatile std::uint64_t* words, std::uint64_t page) {
    for (std::uint64_t i = 0; i < kWordsPerPage; ++i) wrong += words[i] != pattern_at(page + i * 8) ? 1 : 0;
  });
  print("pattern over {} MiB\n", (end - start) >> 20);
  report.equal(wrong, 0, "every word keeps its pattern");
}

}  // namespace

void run_payload(Report& report) noexcept {
  if (!report.check(machine().ram_bytes != 0, "the device tree names RAM")) return;
  check_zero(report);
  check_every_page(report);
  check_pattern(report);
}

}  // namespace redoubt::guest
