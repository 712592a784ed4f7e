// SPDX-License-Identifier: Apache-2.0
// Which nodes the host keeps. Default deny: under STRICT a device stays only if every name in its `compatible` is known
// not to be able to write memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/addr.hpp"
#include "hyp/fdt/list.hpp"
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

enum class Dma : std::uint8_t {
  STRICT,  // every device that may master the bus is removed
  OPEN,    // left to the host: guests are not protected from DMA
};

struct Policy {
  Dma dma = Dma::STRICT;
  std::optional<Pa> private_uart;  // base of a UART that EL2 keeps for its own log
};

enum class Reason : std::uint8_t {
  DMA,         // can write any memory by itself
  NOT_LISTED,  // not known to be harmless
  ITS,         // its tables are memory addresses the host would choose: removed under OPEN too
  FLASH,       // writes change the machine's firmware: removed under OPEN too
  PRIVATE,     // EL2's own
  REPLACED,    // memory and EL2's own node: written anew by rewrite()
  CONSUMED,    // boot modules, which EL2 has loaded
};

[[nodiscard]] constexpr auto describe(Reason reason) noexcept -> std::string_view {
  switch (reason) {
    case Reason::DMA: return "can write memory (DMA)";
    case Reason::NOT_LISTED: return "not known to be harmless";
    case Reason::ITS: return "can write memory (interrupt tables)";
    case Reason::FLASH: return "can change the firmware";
    case Reason::PRIVATE: return "kept by the hypervisor";
    case Reason::REPLACED: return "replaced";
    case Reason::CONSUMED: return "consumed at boot";
  }
  return "";
}

// What a node is, as far as policy cares.
enum class NodeClass : std::uint8_t {
  HARMLESS,  // every compatible is on the list of devices that master no bus
  BUS,       // only a container: its own reg and ranges give the host nothing
  GIC,       // kept; its frames are EL2's business, not windows
  DATA,      // no compatible, or below /cpus or /reserved-memory: describes, is not addressed
  DEVICE,    // anything else
};

struct Verdict {
  bool kept;
  NodeClass node_class;
  Reason reason;   // if not kept
  unsigned depth;  // if not kept: of the topmost removed node on the path
};

// The fate of the node the cursor stands on: removed if any node on its path is.
[[nodiscard]] auto judge(const Cursor& cursor, const Policy& policy) noexcept -> Verdict;

inline constexpr std::size_t kMaxRemoved = 32;

// Neighbouring nodes with the same compatible and reason are one entry. Views point into the blob.
struct RemovedNodes {
  std::string_view name;        // of the first
  std::string_view compatible;  // first string; empty if none
  Reason reason;
  std::uint32_t count;
};

struct RemovedLog {
  List<RemovedNodes, kMaxRemoved> entries;
  std::uint32_t unlisted = 0;  // nodes for which there was no room
};

// For the boot log: topmost removed nodes in tree order, without REPLACED and CONSUMED ones.
void list_removed(const Reader& reader, const Policy& policy, RemovedLog& log) noexcept;

}  // namespace redoubt::hyp::fdt
