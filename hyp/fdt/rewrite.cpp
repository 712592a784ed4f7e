// SPDX-License-Identifier: Apache-2.0
#include "hyp/fdt/rewrite.hpp"

#include <array>

#include "abi/hypercall.h"
#include "hyp/fdt/address.hpp"
#include "hyp/fdt/lookup.hpp"
#include "hyp/fdt/references.hpp"
#include "hyp/fdt/writer.hpp"

namespace redoubt::hyp::fdt {
namespace {

constexpr std::string_view kInitrdStart = "linux,initrd-start";
constexpr std::string_view kInitrdEnd = "linux,initrd-end";

enum class Role : std::uint8_t { ROOT, CHOSEN, TIMER, OTHER };

auto role_of(const Cursor& cursor) noexcept -> Role {
  if (cursor.depth() == 0) return Role::ROOT;
  if (cursor.depth() == 1 && is_chosen(cursor.reader(), cursor.node())) return Role::CHOSEN;
  return is_compatible(cursor.reader(), cursor.node(), "arm,armv8-timer") ? Role::TIMER : Role::OTHER;
}

class Rewriter {
 public:
  Rewriter(const Reader& reader, const PlatformInfo& info, const Policy& policy, const HostEdits& edits,
           std::span<std::byte> out) noexcept
      : reader_(reader),
        info_(info),
        policy_(policy),
        edits_(edits),
        root_cells_(child_cells(reader, reader.root())),
        writer_(out, reader) {}

  [[nodiscard]] auto run() noexcept -> FdtResult<std::size_t>;

 private:
  [[nodiscard]] auto ram_fits() const noexcept -> bool;
  [[nodiscard]] auto copy_node(const Cursor& cursor) noexcept -> bool;
  [[nodiscard]] auto drops(Role role, const Token& property) const noexcept -> bool;
  void add_root_nodes() noexcept;
  void add_memory_node() noexcept;
  void add_own_node() noexcept;
  void add_chosen_properties() noexcept;
  [[nodiscard]] auto add_timer_interrupts(Node timer) noexcept -> bool;

  const Reader& reader_;
  const PlatformInfo& info_;
  const Policy& policy_;
  const HostEdits& edits_;
  CellCounts root_cells_;
  Writer writer_;
};

auto Rewriter::run() noexcept -> FdtResult<std::size_t> {
  if (!ram_fits() || edits_.node.size() > kMaxNodeProperties) return FdtUnexpected{FdtError::BAD_EDIT};
  Cursor cursor{reader_};
  unsigned open_nodes = 0;
  do {
    // The children of a removed node are judged removed too: what is open is always a prefix of the path.
    if (!judge(cursor, policy_).kept) continue;
    for (; open_nodes > cursor.depth(); --open_nodes) writer_.end_node();
    if (!copy_node(cursor)) return FdtUnexpected{FdtError::NO_TIMER};
    ++open_nodes;
  } while (cursor.next());
  for (; open_nodes > 0; --open_nodes) writer_.end_node();
  return writer_.finish();
}

auto Rewriter::ram_fits() const noexcept -> bool {
  if (edits_.ram.empty() || edits_.ram.size() > kMaxRamRanges) return false;
  if (!root_cells_.plain()) return false;
  const std::uint64_t limit = root_cells_.address == 1 || root_cells_.size == 1 ? std::uint64_t{1} << 32U : kPaLimit;
  Pa last{0};
  for (const PaRange& range : edits_.ram) {
    if (range.begin < last || range.begin >= range.end || range.end.value() > limit) return false;
    if (!aligned(range.begin.value(), kPageSize) || !aligned(range.end.value(), kPageSize)) return false;
    if (root_cells_.size == 1 && range.bytes() == limit) return false;
    last = range.end;
  }
  return true;
}

auto Rewriter::copy_node(const Cursor& cursor) noexcept -> bool {
  const Node node = cursor.node();
  const Role role = role_of(cursor);
  writer_.begin_node(reader_.name(node));
  for (Token t = reader_.first_property(node); t.kind == Token::Kind::PROPERTY; t = reader_.token(t.next)) {
    if (!drops(role, t)) writer_.copy_property(t);
  }
  if (role == Role::TIMER) return add_timer_interrupts(node);
  if (role == Role::CHOSEN) add_chosen_properties();
  if (role == Role::ROOT) add_root_nodes();
  return true;
}

auto Rewriter::drops(Role role, const Token& property) const noexcept -> bool {
  const std::string_view name = property.name;
  if (role == Role::CHOSEN) {
    if (name == "rng-seed" || name == "kaslr-seed") return true;
    if (edits_.initrd && (name == kInitrdStart || name == kInitrdEnd)) return true;
    if (edits_.bootargs && name == "bootargs") return true;
  }
  if (role == Role::TIMER && (name == "interrupts" || name == "interrupt-names" || name == "interrupts-extended")) {
    return true;
  }
  return refers_to_removed(reader_, policy_, property);
}

// In front of the root's first child, so that a second rewriting finds and puts them at the same place.
void Rewriter::add_root_nodes() noexcept {
  add_memory_node();
  add_own_node();
  if (find_path(reader_, "/chosen")) return;
  writer_.begin_node("chosen");
  add_chosen_properties();
  writer_.end_node();
}

void Rewriter::add_memory_node() noexcept {
  constexpr std::string_view kPrefix = "memory@";
  std::array<char, kPrefix.size() + 16> name{};
  std::size_t length = kPrefix.copy(name.data(), kPrefix.size());
  const std::uint64_t base = edits_.ram[0].begin.value();
  for (unsigned shift = 64; shift > 0; shift -= 4) {
    if (shift > 4 && (base >> (shift - 4)) == 0) continue;
    name[length++] = "0123456789abcdef"[base >> (shift - 4) & 0xfU];
  }
  writer_.begin_node({name.data(), length});
  writer_.text("device_type", "memory");
  writer_.begin_property("reg", root_cells_.bytes() * edits_.ram.size());
  for (const PaRange& range : edits_.ram) {
    writer_.piece_cells(range.begin.value(), root_cells_.address);
    writer_.piece_cells(range.bytes(), root_cells_.size);
  }
  writer_.end_property();
  writer_.end_node();
}

void Rewriter::add_own_node() noexcept {
  writer_.begin_node("redoubt");
  writer_.text("compatible", RD_DT_COMPATIBLE);
  for (const NodeProperty& property : edits_.node) {
    if (property.cells == 0) {
      writer_.text(property.name, property.text);
    } else {
      writer_.number(property.name, property.number, property.cells);
    }
  }
  writer_.end_node();
}

void Rewriter::add_chosen_properties() noexcept {
  if (edits_.bootargs) writer_.text("bootargs", *edits_.bootargs);
  if (edits_.initrd) {
    writer_.number(kInitrdStart, edits_.initrd->begin.value(), 2);
    writer_.number(kInitrdEnd, edits_.initrd->end.value(), 2);
  }
  if (!edits_.rng_seed.empty()) writer_.property("rng-seed", edits_.rng_seed);
  if (!edits_.kaslr_seed.empty()) writer_.property("kaslr-seed", edits_.kaslr_seed);
}

// CNTV belongs to the guests: without its interrupt the host's driver settles for the physical timer.
auto Rewriter::add_timer_interrupts(Node timer) noexcept -> bool {
  constexpr std::array<std::string_view, 3> kKept{"sec-phys", "phys", "hyp-phys"};
  std::array<Bytes, kKept.size()> specifiers;
  std::size_t bytes = 0;
  std::size_t names = 0;
  for (std::size_t i = 0; i < kKept.size(); ++i) {
    specifiers[i] = timer_interrupt(reader_, timer, info_.gic.interrupt_cells, kKept[i]);
    bytes += specifiers[i].size();
    names += specifiers[i].empty() ? 0 : kKept[i].size() + 1;
  }
  writer_.begin_property("interrupts", bytes);
  for (const Bytes specifier : specifiers) writer_.piece(specifier);
  writer_.end_property();
  writer_.begin_property("interrupt-names", names);
  for (std::size_t i = 0; i < kKept.size(); ++i) {
    if (specifiers[i].empty()) continue;
    writer_.piece(std::as_bytes(std::span{kKept[i]}));
    writer_.piece(kNul);
  }
  writer_.end_property();
  return !specifiers[1].empty();
}

}  // namespace

auto rewrite(const Reader& reader, const PlatformInfo& info, const Policy& policy, const HostEdits& edits,
             std::span<std::byte> out) noexcept -> FdtResult<std::size_t> {
  return Rewriter{reader, info, policy, edits, out}.run();
}

}  // namespace redoubt::hyp::fdt
