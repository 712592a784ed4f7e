// SPDX-License-Identifier: Apache-2.0
// Which nodes the host keeps. Default deny: under STRICT a device stays only if every name in its `compatible` is known
// not to be able to write memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/addr.hpp"
#include "hyp/fdt/list.hpp"
#include "hyp/fdt/reader.hpp"

namespace redoubt::hyp::fdt {

enum class Dma : std::uint8_t {
  STRICT,  // every device that may master the bus is removed, unless it does so through an SMMU of EL2's
  OPEN,    // left to the host: guests are not protected from DMA
};

struct Policy {
  Dma dma = Dma::STRICT;
  std::optional<Pa> private_uart;             // base of a UART that EL2 keeps for its own log
  std::span<const std::uint32_t> smmus = {};  // phandles of the SMMUs that EL2 owns: what is behind them may stay
};

inline constexpr std::string_view kPciHost = "pci-host-ecam-generic";

// X(NAME, "text for the boot log"). An ITS (its tables are memory addresses the host would choose) and flash are removed
// under OPEN too. REPLACED: memory and EL2's own node, which rewrite() makes anew. CONSUMED: modules EL2 has loaded.
#define RD_FDT_REASON_TABLE(X)                  \
  X(DMA, "can write memory (DMA)")              \
  X(NOT_LISTED, "not known to be harmless")     \
  X(ITS, "can write memory (interrupt tables)") \
  X(FLASH, "can change the firmware")           \
  X(PRIVATE, "kept by the hypervisor")          \
  X(REPLACED, "replaced")                       \
  X(CONSUMED, "consumed at boot")

#define RD_FDT_REASON_ENUMERATOR(name, text) name,
enum class Reason : std::uint8_t { RD_FDT_REASON_TABLE(RD_FDT_REASON_ENUMERATOR) };
#undef RD_FDT_REASON_ENUMERATOR

[[nodiscard]] constexpr auto describe(Reason reason) noexcept -> std::string_view {
#define RD_FDT_REASON_CASE(name, text) \
  case Reason::name: return text;
  switch (reason) { RD_FDT_REASON_TABLE(RD_FDT_REASON_CASE) }
#undef RD_FDT_REASON_CASE
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
