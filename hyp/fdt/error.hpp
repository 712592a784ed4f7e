// SPDX-License-Identifier: Apache-2.0
// Why a device tree was refused. Separate from the call errors of abi/: nothing here is ever answered to the host.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace redoubt::hyp::fdt {

// X(NAME, "what is wrong, for the boot log")
#define RD_FDT_ERROR_TABLE(X)                                                                                     \
  X(TRUNCATED, "the blob is shorter than its header says")                                                        \
  X(BAD_MAGIC, "not a flattened device tree")                                                                     \
  X(BAD_VERSION, "not readable as device tree version 17")                                                        \
  X(BAD_LAYOUT, "a block of the tree is misplaced, misaligned or unterminated")                                   \
  X(BAD_TOKEN, "the structure block holds an unknown or misplaced token")                                         \
  X(BAD_NAME, "a node or property name is missing, unterminated or outside its block")                            \
  X(BAD_PROPERTY, "a property is longer than the structure block")                                                \
  X(TOO_DEEP, "nodes are nested too deeply")                                                                      \
  X(TOO_MANY, "more memory ranges, reservations, regions or windows than there is room for")                      \
  X(BAD_ADDRESS, "an address wraps, is above 48 bits or cannot be translated")                                    \
  X(TOO_HIGH, "memory or a device that EL2 uses lies above what its address space has room for")                  \
  X(NO_MEMORY_NODE, "no usable memory node")                                                                      \
  X(NO_CPU, "no cpu node")                                                                                        \
  X(NO_GIC, "no usable arm,gic-v3 node")                                                                          \
  X(NO_PSCI, "no PSCI 0.2 or later whose method is smc")                                                          \
  X(NO_TIMER, "no arm,armv8-timer node with a non-secure physical interrupt")                                     \
  X(BAD_EDIT, "the edits do not fit this tree: no RAM, an address its cells cannot hold, or too many properties") \
  X(NO_ROOM, "the output buffer is too small for the edited tree")

#define RD_FDT_ERROR_ENUMERATOR(name, text) name,
enum class FdtError : std::uint8_t { RD_FDT_ERROR_TABLE(RD_FDT_ERROR_ENUMERATOR) };
#undef RD_FDT_ERROR_ENUMERATOR

template <class T = void>
using FdtResult = std::expected<T, FdtError>;

using FdtUnexpected = std::unexpected<FdtError>;

[[nodiscard]] constexpr auto describe(FdtError error) noexcept -> std::string_view {
#define RD_FDT_ERROR_CASE(name, text) \
  case FdtError::name: return text;
  switch (error) { RD_FDT_ERROR_TABLE(RD_FDT_ERROR_CASE) }
#undef RD_FDT_ERROR_CASE
  return "unknown error";
}

}  // namespace redoubt::hyp::fdt
