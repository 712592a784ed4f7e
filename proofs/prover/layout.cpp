// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "core/core.hpp"
#include "proofs/bitcode/outside_machine.hpp"
#include "proofs/prover/cells.hpp"

namespace redoubt::prover {
namespace {

using core::PageDb;
using core::PageStack;
using TheCore = core::Core<proofs::OutsideMachine>;

// An explicit instantiation may name private members: this is how their places are asked for.
template <class Tag, auto kMember>
struct Reveal {
  friend auto reveal(Tag) { return kMember; }
};
#define RD_REVEAL(tag, member) \
  struct tag {                 \
    friend auto reveal(tag);   \
  };                           \
  template struct Reveal<tag, &member>
RD_REVEAL(Entries, PageDb::entries_);
RD_REVEAL(Regions, PageDb::regions_);
RD_REVEAL(NrRegions, PageDb::nr_regions_);
RD_REVEAL(Pages, PageDb::pages_);
RD_REVEAL(Blocks, PageDb::blocks_);
RD_REVEAL(PoolPages, PageStack::pages_);
RD_REVEAL(PoolSize, PageStack::size_);
#undef RD_REVEAL

class Survey {
 public:
  auto layout() -> Layout {
    Layout made{{}, sizeof(TheCore), at(core_.vms), sizeof(core::Vm), core::VmTable::kSlots};
    page_cells();
    host_cells();
    vm_cells();
    last_cells();
    made.cells = std::move(cells_);
    return made;
  }

 private:
  template <class T>
  auto at(const T& member) const -> std::uint64_t {
    return static_cast<std::uint64_t>(reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&core_));
  }
  void add(const char* name, std::uint64_t offset, unsigned bytes, Shape shape = Shape::plain) {
    cells_.push_back({static_cast<Cell>(cells_.size()), name, offset, bytes, per_vm_, 1, 0, shape});
  }
  void add_array(const char* name, std::uint64_t offset, unsigned bytes, unsigned count, std::uint64_t stride,
                 Shape shape = Shape::plain) {
    cells_.push_back({static_cast<Cell>(cells_.size()), name, offset, bytes, per_vm_, count, stride, shape});
  }
  template <class T>
  void member(const char* name, const T& what, Shape shape = Shape::plain) {
    add(name, at(what), sizeof(T), shape);
  }

  void page_cells() {
    const PageDb& db = core_.pages;
    add("pages.entries", at(db.*reveal(Entries{})), 8);
    add("pages.entries.size", at(db.*reveal(Entries{})) + 8, 8);
    const auto& region = (db.*reveal(Regions{}))[0];
    const auto field = [&](const char* name, const auto& what, Shape shape = Shape::plain) {
      add_array(name, at(what), 8, PageDb::kMaxRegions, sizeof(region), shape);
    };
    field("region.first", region.first, Shape::frame);
    field("region.count", region.count, Shape::frame);
    field("region.index_base", region.index_base);
    field("region.block_base", region.block_base);
    member("nr_regions", db.*reveal(NrRegions{}));
    member("pages", db.*reveal(Pages{}));
    member("blocks", db.*reveal(Blocks{}));
  }
  void host_cells() {
    const core::HostTables& host = core_.host;
    member("host.ipa_bits", host.geometry.ipa_bits);
    member("host.start", host.geometry.start);
    member("host.root_tables", host.geometry.root_tables);
    member("host.root", host.root, Shape::table);
    member("host.leaf_tables", host.leaf_tables, Shape::table);
    add("host.mapped", at(host.mapped), 8);
    add("host.mapped.size", at(host.mapped) + 8, 8);
    member("host.fwb", host.fwb, Shape::flag);
    member("host.devices", host.devices, Shape::flag);
  }
  void vm_cells() {
    const core::Vm& vm = core_.vms.at(0);
    per_vm_ = true;
    member("state", vm.state);
    member("generation", vm.generation);
    member("slot", vm.slot);
    member("prot", vm.prot, Shape::flag);
    member("rsi", vm.rsi, Shape::flag);
    member("ipa_bits", vm.ipa_bits);
    member("root", vm.root, Shape::table_pair);
    member("decoy", vm.decoy, Shape::frame);
    member("next_image", vm.next_image);
    member("mapped_pages", vm.mapped_pages);
    member("meta_pages", vm.meta_pages);
    member("nr_vcpus", vm.nr_vcpus);
    member("created_vcpus", vm.created_vcpus);
    member("loaded_vcpus", vm.loaded_vcpus);
    add_array("pool", at(vm.pool.*reveal(PoolPages{})), 8, PageStack::kCapacity, 8, Shape::frame);
    member("pool.size", vm.pool.*reveal(PoolSize{}));
    const auto vcpu = [&](const char* name, const auto& what, Shape shape) {
      add_array(name, at(what), sizeof(what), RD_MAX_VCPUS, sizeof(core::Vcpu), shape);
    };
    vcpu("vcpu.state", vm.vcpus[0].state, Shape::frame);
    vcpu("vcpu.run", vm.vcpus[0].run, Shape::frame);
    vcpu("vcpu.exists", vm.vcpus[0].exists, Shape::flag);
    vcpu("vcpu.loaded", vm.vcpus[0].loaded, Shape::flag);
    per_vm_ = false;
  }
  void last_cells() {
    member("config.max_guest_ipa_bits", core_.config.max_guest_ipa_bits);
    member("config.guest_fwb", core_.config.guest_fwb, Shape::flag);
    member("counters.vms", core_.counters.vms);
    member("counters.hyp_pages", core_.counters.hyp_pages);
    member("counters.guest_pages", core_.counters.guest_pages);
    member("counters.borrowed_pages", core_.counters.borrowed_pages);
    member("counters.decoys", core_.counters.decoys);
  }

  TheCore core_{};
  bool per_vm_ = false;
  std::vector<CellInfo> cells_;
};

}  // namespace

auto core_layout() -> const Layout& {
  static const Layout layout = Survey{}.layout();
  return layout;
}

void check_layout(const Bitcode& module) {
  const Layout& here = core_layout();
  if (here.cells.size() != static_cast<unsigned>(Cell::count_decoys) + 1)
    throw std::runtime_error("cells are not those of Cell");
  const LLVMTypeRef vm = module.structure("redoubt::core::Vm");
  if (vm == nullptr) return;  // this module looks into no VM
  const auto expect = [&](unsigned element, Cell cell) {
    if (module.offset_of(vm, element) != here.cells[static_cast<unsigned>(cell)].offset - here.vms) {
      throw std::runtime_error("the bitcode lays out " + here.cells[static_cast<unsigned>(cell)].name + " elsewhere");
    }
  };
  if (module.bytes_of(vm) != here.vm_bytes) throw std::runtime_error("the bitcode has another size for a VM");
  for (unsigned i = 0; i <= static_cast<unsigned>(Cell::pool) - static_cast<unsigned>(Cell::state); ++i) {
    expect(i, static_cast<Cell>(static_cast<unsigned>(Cell::state) + i));
  }
}

}  // namespace redoubt::prover
