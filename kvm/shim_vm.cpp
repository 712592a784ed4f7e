// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The C face of the room: VM objects, memslots, exits, registers, capabilities.
#include <new>

#include "kvm/capabilities.hpp"
#include "kvm/errno.hpp"
#include "kvm/exits.hpp"
#include "kvm/one_reg.hpp"
#include "kvm/shim.h"
#include "kvm/vm.hpp"

using namespace redoubt;
using namespace redoubt::kvm;

namespace {

auto plain(const Memslot& slot) noexcept -> rk_slot {
  return rk_slot{.gfn = slot.first.value(),
                 .pages = slot.pages,
                 .hva = slot.hva.value(),
                 .id = slot.id,
                 .readonly = slot.readonly() ? 1U : 0U};
}

auto rich(const rk_slot& slot) noexcept -> Memslot {
  return Memslot{.id = slot.id,
                 .flags = slot.readonly != 0 ? kMemslotReadonly : 0U,
                 .first = Gfn{slot.gfn},
                 .pages = slot.pages,
                 .hva = Hva{slot.hva}};
}

auto give(const Memslot* slot, rk_slot* out) noexcept -> int {
  if (slot == nullptr) return 0;
  *out = plain(*slot);
  return 1;
}

}  // namespace

extern "C" {

int rk_vm_type_parse(rd_u64 type, rd_u32 max_ipa_bits, rk_vm_type* out) {
  return kvm::status_of(parse_vm_type(type, max_ipa_bits, *out));
}

rk_vm* rk_vm_new(rd_u32 ipa_bits, rd_u32 vm_flags) {
  void* memory = rd_alloc(sizeof(rk_vm));
  return memory == nullptr ? nullptr : ::new (memory) rk_vm(ipa_bits, vm_flags);
}

void rk_vm_delete(rk_vm* vm) {
  static_assert(std::is_trivially_destructible_v<rk_vm>);
  rd_free(vm);
}

int rk_errno(long status) { return linux_status(status); }
int rk_capability(rd_u32 number, rd_u32 max_ipa_bits) { return capability(number, max_ipa_bits); }

int rk_slot_prepare(const rk_vm* vm, const rk_slot_request* request, rk_slot_change* out) {
  const auto change = vm->slots.change(MemslotRequest{
      .id = request->id, .flags = request->flags, .ipa = request->ipa, .bytes = request->bytes, .hva = request->hva});
  if (!change) return kvm::status_of(change);
  *out = rk_slot_change{};
  out->removes = change->removed ? 1 : 0;
  out->adds = change->added ? 1 : 0;
  if (change->removed) out->removed = plain(*change->removed);
  if (change->added) out->added = plain(*change->added);
  return 0;
}

void rk_slot_commit(rk_vm* vm, const rk_slot_change* change) {
  MemslotChange rich_change;
  if (change->removes != 0) rich_change.removed = rich(change->removed);
  if (change->adds != 0) rich_change.added = rich(change->added);
  vm->slots.commit(rich_change);
}

int rk_slot_find(const rk_vm* vm, rd_u64 gfn, rk_slot* out) { return give(vm->slots.find(Gfn{gfn}), out); }
int rk_slot_at(const rk_vm* vm, rd_u32 index, rk_slot* out) { return give(vm->slots.at(index), out); }
rd_u64 rk_slot_total_pages(const rk_vm* vm) { return vm->slots.total_pages(); }

void rk_exit_decode(const rk_vm* vm, const rd_run_exit* exit, rk_action* out) { *out = decode_exit(*vm, *exit); }

int rk_reg_lookup(rd_u64 kvm_id, rk_reg* out) {
  const auto found = lookup_register(kvm_id);
  if (found) *out = *found;
  return kvm::status_of(found);
}
rd_u32 rk_reg_count(void) { return static_cast<rd_u32>(register_count()); }
rd_u64 rk_reg_id(rd_u32 index) { return register_at(index); }

}  // extern "C"
