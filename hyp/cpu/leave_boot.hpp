// SPDX-License-Identifier: Apache-2.0
// The end of the boot: what only the boot uses, code, data and its stack, is not there any more when the host runs.
#pragma once

#include <cstdint>

namespace redoubt::hyp {

// The level-3 entry that maps the first page of boot code or boot data, and how many follow. Boot sets them.
struct BootPages {
  volatile std::uint64_t* code;
  volatile std::uint64_t* data;
};

void set_boot_pages(const BootPages& pages) noexcept;

// vectors.S: continues on the stack whose top this is, calls forget_boot() and goes to the host.
extern "C" [[noreturn]] void leave_boot(std::uint64_t stack_top) noexcept;

}  // namespace redoubt::hyp
