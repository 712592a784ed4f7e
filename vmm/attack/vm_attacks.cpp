// SPDX-License-Identifier: Apache-2.0
// Calls on VMs that are not there, not the caller's to change any more, or in use.
#include "abi/error.h"
#include "vmm/attack/attack.hpp"
#include "vmm/attack/own_vm.hpp"

namespace redoubt::vmm::attack {
namespace {

struct Try {
  const char* name;
  Answer answer;
};

// Everything that takes a handle, on one that must not be obeyed. INFO and TEARDOWN only where `destructive`.
[[nodiscard]] auto obeyed(const Device& device, std::uint64_t handle) -> std::string {
  const std::uint64_t page = device.pages(0).value();
  const std::uint64_t other = device.pages(0).value();
  const Try tries[] = {
      {"VM_TOPUP", device.call(RD_CALL_VM_TOPUP, {handle, page})},
      {"VM_SET_RAM", device.call(RD_CALL_VM_SET_RAM, {handle, 0x40000, 1})},
      {"VM_FINALISE", device.call(RD_CALL_VM_FINALISE, {handle})},
      {"VM_TEARDOWN", device.call(RD_CALL_VM_TEARDOWN, {handle})},
      {"VM_DESTROY", device.call(RD_CALL_VM_DESTROY, {handle})},
      {"VM_SET_GIC", device.call(RD_CALL_VM_SET_GIC, {handle, 0, 0, 0})},
      {"VM_INFO", device.call(RD_CALL_VM_INFO, {handle, RD_VM_INFO_STATE})},
      {"VCPU_CREATE", device.call(RD_CALL_VCPU_CREATE, {handle, 0, page, other})},
      {"VCPU_REG_GET", device.call(RD_CALL_VCPU_REG_GET, {handle, 0, RD_REG_PC})},
      {"VCPU_REG_SET", device.call(RD_CALL_VCPU_REG_SET, {handle, 0, RD_REG_PC, 0, 0})},
      {"VCPU_RUN", device.call(RD_CALL_VCPU_RUN, {handle, 0})},
      {"VCPU_INIT", device.call(RD_CALL_VCPU_INIT, {handle, 0, 0})},
      {"MEM_DONATE", device.call(RD_CALL_MEM_DONATE, {handle, 0x40010, page, 1})},
      {"MEM_DONATE_IMAGE", device.call(RD_CALL_MEM_DONATE_IMAGE, {handle, 0x40010, page})},
      {"MEM_SHARE", device.call(RD_CALL_MEM_SHARE, {handle, 0x100000, page, 1, 3})},
      {"MEM_UNSHARE", device.call(RD_CALL_MEM_UNSHARE, {handle, 0x100000, 1})},
  };
  for (const Try& each : tries) {
    if (each.answer.status == 0) return each.name;
  }
  return {};
}

auto stale_handle(const Arena& arena) -> Outcome {
  std::uint64_t stale = 0;
  {
    OwnVm vm(arena.device);
    stale = vm.handle();
    if (const auto status = vm.destroy(); status != 0) return reached("VM_DESTROY answered {}", status);
  }
  const OwnVm next(arena.device);  // most likely in the same slot
  if (next.handle() == stale) return reached("the handle was given out again");
  const std::string name = obeyed(arena.device, stale);
  return name.empty() ? blocked("refused by each call") : reached("{} obeyed it", name);
}

auto forged_handles(const Arena& arena) -> Outcome {
  const std::uint64_t victim = arena.target.handle;
  unsigned tried = 0;
  for (const std::uint64_t handle :
       {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0xff}, victim + 0x100, victim | std::uint64_t{1} << 32,
        victim | std::uint64_t{1} << 63, victim ^ 0x20, victim ^ 0x80}) {
    ++tried;
    const std::string name = obeyed(arena.device, handle);
    if (!name.empty()) return reached("{} obeyed {:#x}", name, handle);
  }
  return blocked("{} handles refused by each call", tried);
}

// The initial state of the victim was measured; none of it can change.
auto change_frozen(const Arena& arena) -> Outcome {
  const Device& device = arena.device;
  const std::uint64_t handle = arena.target.handle;
  if (handle == 0) return skipped("the victim's handle was not found");
  const std::uint64_t page = device.pages(0).value();
  const std::uint64_t other = device.pages(0).value();
  const Try tries[] = {
      {"VM_SET_RAM", device.call(RD_CALL_VM_SET_RAM, {handle, 0x80000, 16})},
      {"VM_FINALISE", device.call(RD_CALL_VM_FINALISE, {handle})},
      {"VM_SET_GIC", device.call(RD_CALL_VM_SET_GIC, {handle, 0x0800'0000, 0x080a'0000, 64})},
      {"VCPU_CREATE", device.call(RD_CALL_VCPU_CREATE, {handle, 1, page, other})},
      {"MEM_DONATE_IMAGE", device.call(RD_CALL_MEM_DONATE_IMAGE, {handle, 0x43f00, page})},
      {"MEM_DONATE over a page", device.call(RD_CALL_MEM_DONATE, {handle, arena.target.first_gfn + 70, page, 1})},
      {"MEM_SHARE over a page", device.call(RD_CALL_MEM_SHARE, {handle, arena.target.first_gfn + 70, page, 1, 3})},
      {"VM_DESTROY", device.call(RD_CALL_VM_DESTROY, {handle})},
  };
  for (const Try& each : tries) {
    if (each.answer.status == 0) return reached("{} was accepted", each.name);
  }
  const Answer unshare = device.call(RD_CALL_MEM_UNSHARE, {handle, arena.target.first_gfn + 70, 1});
  if (unshare.status == 0 && unshare.x1 != 0) return reached("MEM_UNSHARE took a private page");
  return blocked("refused by each call");
}

// Parameters of VM_CREATE that no VM may have.
auto bad_parameters(const Arena& arena) -> Outcome {
  const Device& device = arena.device;
  const std::uint64_t root = device.pages(1).value();
  const std::uint64_t decoy = device.pages(0).value();
  const std::uint64_t big = device.info(RD_INFO_MAX_IPA_BITS) + 1;
  const Try tries[] = {
      {"unknown flags", device.call(RD_CALL_VM_CREATE, {0xff, 33, root, decoy, 1})},
      {"RSI without protection", device.call(RD_CALL_VM_CREATE, {RD_VM_RSI, 33, root, decoy, 1})},
      {"32 IPA bits", device.call(RD_CALL_VM_CREATE, {3, 32, root, decoy, 1})},
      {"too many IPA bits", device.call(RD_CALL_VM_CREATE, {3, big, root, decoy, 1})},
      {"2^32 + 33 IPA bits", device.call(RD_CALL_VM_CREATE, {3, (1ull << 32) + 33, root, decoy, 1})},
      {"an unaligned root", device.call(RD_CALL_VM_CREATE, {3, 33, root + 1, decoy, 1})},
      {"the decoy in the root", device.call(RD_CALL_VM_CREATE, {3, 33, root, root + 1, 1})},
      {"no vCPU", device.call(RD_CALL_VM_CREATE, {3, 33, root, decoy, 0})},
      {"17 vCPUs", device.call(RD_CALL_VM_CREATE, {3, 33, root, decoy, 17})},
      {"2^32 + 1 vCPUs", device.call(RD_CALL_VM_CREATE, {3, 33, root, decoy, (1ull << 32) + 1})},
  };
  for (const Try& each : tries) {
    if (each.answer.status == 0) return reached("{}: accepted", each.name);
  }
  return blocked("refused each of {}", std::size(tries));
}

// A VM whose pages are still its own is not forgotten.
auto destroy_with_pages(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  if (vm.call(RD_CALL_VM_DESTROY, {}).status == 0) return reached("a living VM was destroyed");
  if (vm.call(RD_CALL_VM_TEARDOWN, {}).status != 0) return skipped("VM_TEARDOWN does not work");
  if (vm.call(RD_CALL_VM_DESTROY, {}).status == 0) return reached("a VM with pages was destroyed");
  const auto word = arena.device.load(pa_of(vm.image()), 8, Mapping::kDevice);
  if (word && *word != 0) return reached("the dead VM's page can be read before it is wiped");
  const auto status = vm.destroy();
  return status == 0 ? blocked("PERM, then BUSY until all was reclaimed")
                     : reached("in the end VM_DESTROY answered {}", status);
}

constexpr std::string_view kRefused = "refused by every call";

constexpr Attack kAttacks[] = {
    {.name = "stale-handle",
     .what = "the handle of a destroyed VM whose slot has a new one",
     .expected = kRefused,
     .outside = stale_handle},
    {.name = "forged-handle",
     .what = "handles that nearly are the victim's",
     .expected = kRefused,
     .outside = forged_handles},
    {.name = "frozen-state",
     .what = "the victim's initial state, memory layout or interrupt controller is changed",
     .expected = kRefused,
     .outside = change_frozen},
    {.name = "vm-create-parameters",
     .what = "a VM with impossible parameters",
     .expected = "refused",
     .outside = bad_parameters},
    {.name = "vm-destroy-with-pages",
     .what = "a VM is destroyed before its pages are wiped",
     .expected = "refused",
     .outside = destroy_with_pages},
};

}  // namespace

auto vm_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
