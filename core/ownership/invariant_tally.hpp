// SPDX-License-Identifier: Apache-2.0
// What an audit has seen of one page so far.
#pragma once

#include <cstdint>

namespace redoubt::core {

struct PageTally {
  std::uint32_t borrows = 0;
  std::uint16_t owned_maps = 0;
  std::uint8_t tables = 0;     // uses as table, pool page or vCPU state: at most one
  std::uint8_t run_pages = 0;  // uses as run page
};

}  // namespace redoubt::core
