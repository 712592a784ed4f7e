// SPDX-License-Identifier: Apache-2.0
#include "hyp/mm/stage1.hpp"

namespace redoubt::hyp {

namespace {

auto entry(Pa table, std::uint64_t index) noexcept -> std::uint64_t& {
  return *reinterpret_cast<std::uint64_t*>(table.value() + index * 8);
}

}  // namespace

auto Stage1Builder::table_for(std::uint64_t va, unsigned level) noexcept -> Result<Pa> {
  Pa at = root_;
  for (unsigned above = 0; above < level; ++above) {
    auto& slot = entry(at, stage1::index(va, above));
    if (stage1::Valid::of(slot) == 0) {
      if (next_ >= end_) return Unexpected{Error::NO_MEMORY};
      slot = stage1::table(next_);
      next_ = next_ + kPageSize;
    } else if (stage1::Table::of(slot) == 0) {
      return Unexpected{Error::EXISTS};
    }
    at = Pa{slot & stage1::kAddressMask};
  }
  return at;
}

auto Stage1Builder::map(std::uint64_t va, Pa pa, std::uint64_t bytes, Use use) noexcept -> Result<> {
  if (!aligned(va | pa.value() | bytes, kPageSize)) return Unexpected{Error::INVALID};
  std::uint64_t done = 0;
  while (done < bytes) {
    const bool block = aligned((va + done) | (pa.value() + done), kBlockSize) && bytes - done >= kBlockSize;
    RD_TRY_ASSIGN(table, table_for(va + done, block ? 2 : 3));
    auto& slot = entry(table, stage1::index(va + done, block ? 2 : 3));
    const auto wanted = stage1::leaf(pa + done, use, !block);
    if (stage1::Valid::of(slot) != 0 && slot != wanted) return Unexpected{Error::EXISTS};
    slot = wanted;
    done += block ? kBlockSize : kPageSize;
  }
  return {};
}

}  // namespace redoubt::hyp
