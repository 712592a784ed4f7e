// SPDX-License-Identifier: Apache-2.0
// Pages given to whom they must not be given: every call that takes a frame, with every kind of frame that is not free.
#include <iterator>

#include "vmm/attack/attack.hpp"
#include "vmm/attack/own_vm.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::uint64_t kFreeGfn = OwnVm::kRamGfn + 16;

// Every call that takes a frame, with this frame. The first that is accepted, or nothing.
[[nodiscard]] auto accepted_call(const Arena& arena, const OwnVm& vm, Pfn frame) -> std::string {
  const std::uint64_t pfn = frame.value();
  const std::uint64_t spare = arena.device.pages(1).value();
  const std::uint64_t decoy = arena.device.pages(0).value();
  const Device& device = arena.device;
  const std::uint64_t create = RD_VM_PROTECTED | RD_VM_RSI;
  struct Try {
    const char* name;
    Answer answer;
  };
  const Try tries[] = {
      {"MEM_DONATE", vm.call(RD_CALL_MEM_DONATE, {kFreeGfn, pfn, 1})},
      {"MEM_DONATE of a block", vm.call(RD_CALL_MEM_DONATE, {OwnVm::kRamGfn + 512, pfn & ~0x1ffull, 512})},
      {"MEM_DONATE_IMAGE", vm.call(RD_CALL_MEM_DONATE_IMAGE, {kFreeGfn, pfn})},
      {"MEM_SHARE", vm.call(RD_CALL_MEM_SHARE, {OwnVm::kSharedGfn + 0x1'0000, pfn, 1, RD_PROT_R | RD_PROT_W})},
      {"VM_TOPUP", vm.call(RD_CALL_VM_TOPUP, {pfn})},
      {"VCPU_CREATE, state", vm.call(RD_CALL_VCPU_CREATE, {1, pfn, spare})},
      {"VCPU_CREATE, run page", vm.call(RD_CALL_VCPU_CREATE, {1, spare, pfn})},
      {"VM_CREATE, root", device.call(RD_CALL_VM_CREATE, {create, 33, pfn & ~1ull, decoy, 1})},
      {"VM_CREATE, decoy", device.call(RD_CALL_VM_CREATE, {create, 33, spare, pfn, 1})},
      {"LOG_READ", device.call(RD_CALL_LOG_READ, {pfn, 0})},
  };
  for (const Try& each : tries) {
    if (each.answer.status == 0) return each.name;
  }
  return {};
}

[[nodiscard]] auto refuse_everywhere(const Arena& arena, Pfn frame) -> Outcome {
  const OwnVm vm(arena.device);
  const std::string accepted = accepted_call(arena, vm, frame);
  return accepted.empty() ? blocked("refused by each call that takes a frame") : reached("{} accepted it", accepted);
}

auto guest_page(const Arena& arena) -> Outcome { return refuse_everywhere(arena, arena.target.frames[60]); }
auto el2_image(const Arena& arena) -> Outcome {
  return refuse_everywhere(arena, pfn_of(Pa{arena.device.info(RD_INFO_IMAGE_PA)}));
}
auto device_registers(const Arena& arena) -> Outcome { return refuse_everywhere(arena, pfn_of(Pa{0x0800'0000})); }
auto beyond_memory(const Arena& arena) -> Outcome { return refuse_everywhere(arena, Pfn{std::uint64_t{1} << 40}); }

auto table_page(const Arena& arena) -> Outcome {
  const OwnVm other(arena.device);
  return refuse_everywhere(arena, other.root());
}

// A run page is the host's, but EL2 writes to it: it may not be given away meanwhile.
auto run_page(const Arena& arena) -> Outcome {
  const OwnVm other(arena.device);
  const OwnVm vm(arena.device);
  const std::uint64_t pfn = other.run_page().value();
  if (vm.call(RD_CALL_MEM_DONATE, {kFreeGfn, pfn, 1}).status == 0) return reached("MEM_DONATE accepted it");
  if (vm.call(RD_CALL_VM_TOPUP, {pfn}).status == 0) return reached("VM_TOPUP accepted it");
  if (vm.call(RD_CALL_MEM_DONATE_IMAGE, {kFreeGfn, pfn}).status == 0) return reached("MEM_DONATE_IMAGE accepted it");
  return blocked("refused by donation and top-up");
}

auto donate_twice(const Arena& arena) -> Outcome {
  OwnVm first(arena.device);
  OwnVm second(arena.device);
  const Pfn page = arena.device.pages(0);
  if (const auto status = first.donate(kFreeGfn, page); status != 0)
    return skipped("the first donation answered {}", status);
  if (first.donate(kFreeGfn + 1, page) == 0) return reached("to another address of the same VM");
  if (first.donate(kFreeGfn, arena.device.pages(0)) == 0) return reached("a second page for one address");
  if (second.donate(kFreeGfn, page) == 0) return reached("to another VM");
  return blocked("refused each time");
}

// While a guest borrows a page, nobody can become its owner.
auto donate_shared(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  const Pfn page = arena.device.pages(0);
  const std::uint64_t gfn = OwnVm::kSharedGfn + 0x1'0000;
  if (vm.call(RD_CALL_MEM_SHARE, {gfn, page.value(), 1, RD_PROT_R}).status != 0)
    return skipped("MEM_SHARE does not work");
  const bool donated = vm.donate(kFreeGfn, page) == 0;
  const bool tables = vm.call(RD_CALL_VM_TOPUP, {page.value()}).status == 0;
  (void)vm.call(RD_CALL_MEM_UNSHARE, {gfn, 1});
  return donated || tables ? reached("accepted") : blocked("refused");
}

auto reclaim_live(const Arena& arena) -> Outcome {
  const auto answer = arena.device.call(RD_CALL_PAGE_RECLAIM, {arena.target.frames[61].value(), 1});
  if (answer.status == 0 && answer.x1 != 0) return reached("the page came back");
  const auto word = arena.device.load(pa_of(arena.target.frames[61]), 8, Mapping::kLinear);
  if (word && arena.target.secret.matches(*word)) return reached("the secret can be read after it");
  return blocked("status {}, {} pages", answer.status, answer.status == 0 ? answer.x1 : 0);
}

// Values around which sums and address sizes end.
constexpr std::uint64_t kEdges[] = {1ull << 21,
                                    1ull << 24,
                                    (1ull << 36) - 1,
                                    1ull << 36,
                                    1ull << 40,
                                    (1ull << 52) - 1,
                                    1ull << 52,
                                    (1ull << 52) + OwnVm::kRamGfn,
                                    1ull << 63,
                                    ~0ull - 511,
                                    ~0ull};

// Sums that overflow, frames beyond every address size, lengths that are not allowed.
auto overflow(const Arena& arena) -> Outcome {
  const OwnVm vm(arena.device);
  const std::uint64_t page = arena.device.pages(0).value();
  constexpr std::size_t kUnshare = 7;
  constexpr std::size_t kReclaim = 12;
  unsigned tried = 0;
  for (const std::uint64_t edge : kEdges) {
    const Answer answers[] = {
        vm.call(RD_CALL_MEM_DONATE, {edge, page, 1}),
        vm.call(RD_CALL_MEM_DONATE, {kFreeGfn, edge, 1}),
        vm.call(RD_CALL_MEM_DONATE, {kFreeGfn, page, edge}),
        vm.call(RD_CALL_MEM_DONATE, {edge & ~0x1ffull, edge & ~0x1ffull, 512}),
        vm.call(RD_CALL_MEM_SHARE, {edge, page, 1, 3}),
        vm.call(RD_CALL_MEM_SHARE, {OwnVm::kSharedGfn, edge, 1, 3}),
        vm.call(RD_CALL_MEM_SHARE, {OwnVm::kSharedGfn, page, edge, 3}),
        vm.call(RD_CALL_MEM_UNSHARE, {edge, 512}),
        vm.call(RD_CALL_MEM_DONATE_IMAGE, {edge, page}),
        vm.call(RD_CALL_VM_SET_RAM, {edge, 1}),
        vm.call(RD_CALL_VM_SET_RAM, {OwnVm::kRamGfn, edge}),
        vm.call(RD_CALL_VM_TOPUP, {edge}),
        arena.device.call(RD_CALL_PAGE_RECLAIM, {edge, 1}),
        arena.device.call(RD_CALL_LOG_READ, {edge, 0}),
    };
    for (const Answer& answer : answers) {
      ++tried;
      // Some answer how many pages they did, which may be none.
      const bool none_done = answer.x1 == 0 && (&answer == &answers[kUnshare] || &answer == &answers[kReclaim]);
      if (answer.status == 0 && !none_done)
        return reached("call {} of the list accepted {:#x}", (tried - 1) % std::size(answers), edge);
    }
  }
  return blocked("refused each of {}", tried);
}

// The same calls work when they should.
auto donate_free(const Arena& arena) -> Outcome {
  OwnVm vm(arena.device);
  const Pfn page = arena.device.pages(0);
  (void)arena.device.store(pa_of(page), 8, 0x5a5a, Mapping::kLinear);
  if (arena.device.load(pa_of(page), 8, Mapping::kLinear) != 0x5a5a) return blocked("an own page cannot be read");
  const auto status = vm.donate(kFreeGfn, page);
  const auto after = arena.device.load(pa_of(page), 8, Mapping::kLinear);
  if (status != 0 || after == 0x5a5a) return blocked("MEM_DONATE answered {}", status);
  const auto destroyed = vm.destroy();
  const bool back = arena.device.store(pa_of(page), 8, 1, Mapping::kLinear) &&
                    arena.device.load(pa_of(page), 8, Mapping::kLinear) == 1;
  return destroyed == 0 && back ? reached("donated, gone, destroyed, back")
                                : blocked("VM_DESTROY answered {}", destroyed);
}

// What the host gets of the log is text: an offset beyond what was written must not reach what lies behind it.
auto log_offset(const Arena& arena) -> Outcome {
  const Pfn page = arena.device.pages(0);
  for (const std::uint64_t offset : kEdges) {
    (void)arena.device.store(pa_of(page), 8, ~0ull, Mapping::kLinear);
    const Answer answer = arena.device.call(RD_CALL_LOG_READ, {page.value(), offset});
    if (answer.status != 0) continue;
    if (answer.x1 > kPageSize || answer.x1 > answer.x2 || answer.x2 >= offset)
      return reached("offset {:#x}: {} bytes, then {:#x}", offset, answer.x1, answer.x2);
    const auto word = arena.device.load(pa_of(page), 8, Mapping::kLinear);
    if (!word || (answer.x1 >= 8 && (*word & 0x8080'8080'8080'8080) != 0))
      return reached("offset {:#x} answered no text", offset);
  }
  return blocked("each of {} starts at the oldest byte kept", std::size(kEdges));
}

constexpr std::string_view kRefused = "refused by every call";

constexpr Attack kAttacks[] = {
    {.name = "control-donate-free",
     .what = "a free page is read, donated, and comes back when the VM is destroyed",
     .expected = "works",
     .outside = donate_free},
    {.name = "donate-guest-page",
     .what = "a page of the victim is given to another VM or to EL2",
     .expected = kRefused,
     .outside = guest_page},
    {.name = "donate-el2-image",
     .what = "a page of the hypervisor's image is given to a VM",
     .expected = kRefused,
     .outside = el2_image},
    {.name = "donate-table-page",
     .what = "a stage-2 table page is given to a VM",
     .expected = kRefused,
     .outside = table_page},
    {.name = "donate-mmio",
     .what = "device registers are given as memory",
     .expected = kRefused,
     .outside = device_registers},
    {.name = "donate-no-memory",
     .what = "an address without memory is given",
     .expected = kRefused,
     .outside = beyond_memory},
    {.name = "donate-run-page", .what = "a run page is given away", .expected = "refused", .outside = run_page},
    {.name = "donate-twice",
     .what = "one page is donated twice, to one VM and to two",
     .expected = "refused",
     .outside = donate_twice},
    {.name = "donate-shared",
     .what = "a page that a guest borrows is donated",
     .expected = "refused",
     .outside = donate_shared},
    {.name = "reclaim-live",
     .what = "PAGE_RECLAIM of a page of the running victim",
     .expected = "0 pages",
     .outside = reclaim_live},
    {.name = "range-overflow",
     .what = "frames and lengths near 2^36, 2^52 and 2^64",
     .expected = "refused",
     .outside = overflow},
    {.name = "log-offset",
     .what = "LOG_READ of offsets that were never written",
     .expected = "the oldest text",
     .outside = log_offset},
};

}  // namespace

auto page_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
