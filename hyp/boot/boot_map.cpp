// SPDX-License-Identifier: Apache-2.0
#include "hyp/boot/boot_map.hpp"

#include <array>

#include "arch/arm64/common/barrier.hpp"
#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64/el2/tlb.hpp"
#include "hyp/boot/image.hpp"
#include "hyp/log/panic.hpp"
#include "hyp/mm/layout.h"

namespace redoubt::hyp {
namespace {

constexpr std::uint64_t kArenaPages = 16;
constexpr std::uint64_t kIdentityTables = 3;  // levels 1 to 3 of what stays of the identity map

struct alignas(kPageSize) Page {
  std::array<std::uint64_t, kPageSize / 8> word;
};

constinit std::array<Page, kArenaPages> arena{};
constinit std::array<Page, kIdentityTables> idmap_tables{};
constinit Stage1Builder builder{Pa{0}, 0};

}  // namespace

// Called by entry.S with the MMU off: it must not follow a pointer that the linker stored, only compute addresses.
// Maps the image at its linked address and its identity page; answers TTBR0_EL2.
extern "C" auto build_boot_tables(std::uint64_t image_pa) noexcept -> std::uint64_t {
  Stage1Builder tables{Pa{reinterpret_cast<std::uint64_t>(arena.data())}, kArenaPages};
  const auto text = image_offset(__text_end), rodata = image_offset(__rodata_end), end = image_offset(__image_end);
  const auto idmap = image_offset(__idmap_start);
  const bool mapped = tables.map(EL2_IMAGE_VA, Pa{image_pa}, text, Use::CODE) &&
                      tables.map(EL2_IMAGE_VA + text, Pa{image_pa + text}, rodata - text, Use::READ_ONLY) &&
                      tables.map(EL2_IMAGE_VA + rodata, Pa{image_pa + rodata}, end - rodata, Use::DATA) &&
                      tables.map(image_pa + idmap, Pa{image_pa + idmap}, kPageSize, Use::CODE);
  for (std::uint64_t page = 0; mapped && page < end; page += kPageSize) {
    // Its own tables must stay reachable at their physical address while the builder works.
    if (page >= rodata && !tables.map(image_pa + page, Pa{image_pa + page}, kPageSize, Use::DATA)) break;
  }
  builder = tables;
  return tables.root().value();
}

auto boot_builder() noexcept -> Stage1Builder& { return builder; }

void boot_map(std::uint64_t va, Pa pa, std::uint64_t bytes, Use use) noexcept {
  if (!builder.map(va, pa, bytes, use)) panic("EL2's own tables: no room, or a mapping twice");
  arm64::dsb_ishst();
  arm64::isb();
}

void boot_identity(Pa pa, std::uint64_t bytes) noexcept {
  const auto first = align_down(pa.value(), kBlockSize);
  const auto end = align_down(pa.value() + bytes + kBlockSize - 1, kBlockSize);
  for (auto at = first; at < end; at += kBlockSize) {
    auto done = builder.map(at, Pa{at}, kBlockSize, Use::DATA);
    // Where a level-3 table exists already (around the image), page by page; what is mapped otherwise stays so.
    for (std::uint64_t page = 0; !done && done.error() == Error::EXISTS && page < kBlockSize; page += kPageSize) {
      (void)builder.map(at + page, Pa{at + page}, kPageSize, Use::DATA);
    }
    if (!done && done.error() != Error::EXISTS) panic("EL2's boot tables: no room for the identity map");
  }
  arm64::dsb_ishst();
  arm64::isb();
}

auto image_entry(const void* page) noexcept -> volatile std::uint64_t* {
  const auto va = reinterpret_cast<std::uint64_t>(page);
  const auto table = builder.table_for(va, 3);
  if (!table) panic("EL2's own image is not mapped by pages");
  // The image's tables are in the arena, which is part of the image itself.
  const auto offset = table->value() - builder.root().value();
  return &arena[offset / kPageSize].word[stage1::index(va, 3)];
}

void drop_identity() noexcept {
  const auto to_pa = [](const Page& page) {
    return builder.root() + (reinterpret_cast<std::uint64_t>(&page) - reinterpret_cast<std::uint64_t>(arena.data()));
  };
  const Pa idmap_pa = to_pa(arena[0]) + (image_offset(__idmap_start) - image_offset(arena.data()));
  for (unsigned level = 1; level < 3; ++level) {
    idmap_tables[level - 1].word[stage1::index(idmap_pa.value(), level)] = stage1::table(to_pa(idmap_tables[level]));
  }
  idmap_tables[2].word[stage1::index(idmap_pa.value(), 3)] = stage1::leaf(idmap_pa, Use::CODE, true);
  volatile std::uint64_t& slot = arena[0].word[stage1::index(idmap_pa.value(), 0)];
  for (std::uint64_t n = 0; n < stage1::index(EL2_LINEAR_VA, 0); ++n) arena[0].word[n] = 0;
  // Break before make: the old and the new tree may map the same address at different levels.
  arm64::dsb_ishst();
  arm64::tlbi_alle2();
  arm64::dsb_nsh();
  arm64::isb();
  slot = stage1::table(to_pa(idmap_tables[0]));
  arm64::dsb_ishst();
  arm64::isb();
}

}  // namespace redoubt::hyp
