// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/exits.hpp"

#include <optional>

#include "kvm/vm.hpp"

namespace redoubt::kvm {
namespace {

// KVM_SYSTEM_EVENT_*
constexpr std::uint32_t kEventShutdown = 1;
constexpr std::uint32_t kEventReset = 2;

auto slot_of(const rk_vm& vm, std::uint64_t ipa) noexcept -> const Memslot* { return vm.slots.find(gfn_of(Ipa{ipa})); }

auto verdict(rk_verdict what) noexcept -> rk_action {
  rk_action action{};
  action.verdict = what;
  return action;
}

auto verdict_at(rk_verdict what, std::uint64_t ipa) noexcept -> rk_action {
  rk_action action = verdict(what);
  action.ipa = ipa;
  return action;
}

auto answer(rd_run_action next, std::uint64_t value) noexcept -> rk_action {
  rk_action action = verdict(RK_RUN_AGAIN);
  action.next_action = next;
  action.value = value;
  return action;
}

auto abort_instead() noexcept -> rk_action { return answer(RD_ACTION_INJECT_SEA, 0); }

auto back_page(const rd_run_exit& exit) noexcept -> rk_action {
  rk_action action = verdict_at(RK_BACK_PAGE, exit.ipa);
  action.shared = exit.shared;
  return action;
}

// The private half of a protected VM holds memory and nothing else: a device there could be the host's forgery.
auto private_half(const rk_vm& vm, const rd_run_exit& exit) noexcept -> bool {
  return (vm.vm_flags & RD_VM_PROTECTED) != 0 && exit.shared == 0;
}

// An access to the guest's distributor frame, by offset.
auto distributor_offset(const rk_vm& vm, std::uint64_t ipa) noexcept -> std::optional<std::uint64_t> {
  const auto base = vm.gic.distributor();
  if (!vm.gic.ready() || !base || ipa < base->value() || ipa - base->value() >= arm64::kGicFrameSize)
    return std::nullopt;
  return ipa - base->value();
}

auto decode_device(const rk_vm& vm, const rd_run_exit& exit, bool write) noexcept -> rk_action {
  rk_action action = verdict_at(RK_USER_MMIO, exit.ipa);
  action.value = exit.mmio_value;
  action.bytes = exit.mmio_bytes;
  action.write = write ? 1U : 0U;
  action.shared = exit.shared;
  if (const auto offset = distributor_offset(vm, exit.ipa)) {
    action.verdict = RK_DISTRIBUTOR;
    action.ipa = *offset;
  } else if (write) {
    if (const auto event = vm.ioevents.match(Ipa{exit.ipa}, exit.mmio_bytes, exit.mmio_value)) {
      action.verdict = RK_IOEVENT;
      action.count = *event;
    }
  }
  return action;
}

auto decode_mmio(const rk_vm& vm, const rd_run_exit& exit) noexcept -> rk_action {
  const bool write = exit.mmio_write != 0;
  const Memslot* slot = slot_of(vm, exit.ipa);
  if (slot != nullptr && !(write && slot->readonly())) return back_page(exit);
  if (private_half(vm, exit)) return abort_instead();
  return decode_device(vm, exit, write);
}

auto decode_memory(const rk_vm& vm, const rd_run_exit& exit) noexcept -> rk_action {
  const std::uint64_t wanted = exit.args[0];
  const Memslot* slot = slot_of(vm, exit.ipa);
  const bool writes_rom = slot != nullptr && slot->readonly() && (wanted & RD_PROT_W) != 0;
  if (slot != nullptr && !writes_rom) return back_page(exit);
  // As KVM: an instruction fetch from nowhere is the guest's fault; a data access without a syndrome is ours to report.
  if ((wanted & RD_PROT_X) != 0 || private_half(vm, exit)) return abort_instead();
  return verdict_at(RK_UNHANDLED, exit.ipa);
}

auto decode_system(const rd_run_exit& exit) noexcept -> rk_action {
  rk_action action = verdict(RK_USER_SYSTEM);
  action.end_ipa = exit.args[1];
  action.value = kEventShutdown;
  if (exit.args[0] == RD_SYSTEM_RESET) action.value = kEventReset;
  return action;
}

auto decode_fault(const rd_run_exit& exit) noexcept -> rk_action {
  rk_action action = verdict_at(RK_USER_CRASH, exit.ipa);
  action.value = exit.args[0];
  return action;
}

auto decode_ripas(const rd_run_exit& exit) noexcept -> rk_action {
  rk_action action = verdict_at(RK_RIPAS, exit.args[0]);
  action.end_ipa = exit.args[1];
  action.value = exit.args[2];
  return action;
}

auto decode_tables(const rd_run_exit& exit) noexcept -> rk_action {
  rk_action action = verdict(RK_TOP_UP);
  action.count = static_cast<std::uint32_t>(exit.args[0]);
  return action;
}

}  // namespace

auto decode_exit(const rk_vm& vm, const rd_run_exit& exit) noexcept -> rk_action {
  switch (exit.reason) {
    case RD_EXIT_MMIO: return decode_mmio(vm, exit);
    case RD_EXIT_MEMORY: return decode_memory(vm, exit);
    case RD_EXIT_NEED_TABLES: return decode_tables(exit);
    case RD_EXIT_WFX: return verdict(exit.args[0] == 0 ? RK_WAIT : RK_RUN_AGAIN);
    case RD_EXIT_VCPU_OFF: return verdict(RK_WAIT_OFF);
    case RD_EXIT_SYSTEM: return decode_system(exit);
    case RD_EXIT_RIPAS: return decode_ripas(exit);
    case RD_EXIT_FAULT: return decode_fault(exit);
    // The interrupt is taken, the kick sent, the SPIs looked at, around every run anyway.
    default: return verdict(RK_RUN_AGAIN);
  }
}

}  // namespace redoubt::kvm
