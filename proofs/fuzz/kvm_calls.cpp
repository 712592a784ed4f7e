// SPDX-License-Identifier: Apache-2.0
// What a VMM's ioctls, irqfds and exits make of one VM's KVM state, in any order and with any arguments, through the
// functions that the kernel module calls. Rules: memory slots never overlap, are never lost and are what was asked for; a
// decoded exit names memory only where there is some; an SPI is on at most one vCPU.
#include <cstdlib>
#include <memory>
#include <vector>

#include "kvm/vm.hpp"
#include "proofs/fuzz/arguments.hpp"
#include "proofs/fuzz/judge.hpp"

void* rd_alloc(unsigned long bytes) { return std::calloc(1, bytes); }
void rd_free(void* memory) { std::free(memory); }

namespace redoubt::fuzz {
namespace {

constexpr std::uint32_t kVcpus = 3;
constexpr std::uint64_t kGicd = 0x800'0000, kGicr = 0x80a'0000, kRam = 0x4000'0000;

class Vmm {
 public:
  Vmm(Arguments& input, std::uint32_t flags, std::uint32_t ipa_bits)
      : input_(input), limit_(kvm::ipa_limit_of(ipa_bits, flags).value()), vm_(rk_vm_new(ipa_bits, flags)) {
    require(vm_ != nullptr, "a VM of a legal type");
    if (input_.pick(4) != 0) add_gic();
  }
  ~Vmm() { rk_vm_delete(vm_); }
  Vmm(const Vmm&) = delete;
  auto operator=(const Vmm&) -> Vmm& = delete;

  void step() {
    switch (input_.pick(12)) {
      case 0:
      case 1: return change_slot();
      case 2: return decode_exit();
      case 3: return gic_attribute();
      case 4: return ioevent();
      case 5: return routes();
      case 6: return registers();
      case 7: return distributor();
      case 8:
      case 9: return line();
      default: return run();
    }
  }

 private:
  void add_gic() {
    require(rk_gic_create(vm_) == 0, "a first GIC");
    (void)rk_gic_set(vm_, 0, 2, kGicd, kVcpus);
    (void)rk_gic_set(vm_, 0, 3, kGicr, kVcpus);
    (void)rk_gic_set(vm_, 3, 0, 96, kVcpus);
    require(rk_gic_set(vm_, 4, 0, 0, kVcpus) == 0, "a complete GIC can be initialised");
  }

  auto address() -> std::uint64_t {
    const unsigned choice = input_.pick(8);
    if (choice == 0) return input_.number();
    return (choice == 1 ? kGicd : choice == 2 ? kGicr : kRam) + (std::uint64_t{input_.byte()} << 12);
  }

  void change_slot() {
    rk_slot_request request{address(), std::uint64_t{input_.pick(8)} << 12, 0, input_.pick(6),
                            input_.pick(8) == 0 ? input_.byte() : 0U};
    if (input_.pick(8) == 0) request.bytes = input_.number();
    if (input_.pick(8) == 0) request.id = static_cast<std::uint32_t>(input_.number());
    request.hva = input_.pick(8) == 0 ? input_.number() : 0x10'0000'0000 + request.ipa;
    rk_slot_change change{};
    if (rk_slot_prepare(vm_, &request, &change) != 0) return;
    rk_slot_commit(vm_, &change);
    check_slots(request);
  }
  void check_slots(const rk_slot_request& request) {
    rk_slot slot{};
    std::uint64_t end = 0, pages = 0;
    bool found = false;
    for (rd_u32 n = 0; rk_slot_at(vm_, n, &slot) == 1; ++n) {
      require(slot.gfn >= end && slot.pages != 0, "slots ascend, do not overlap and hold something");
      end = slot.gfn + slot.pages;
      require(end <= limit_ >> 12, "slots lie in the address space");
      pages += slot.pages;
      if (slot.id != request.id) continue;
      require(!found, "an id names one slot");
      found = true;
      require(slot.gfn == request.ipa >> 12 && slot.pages == request.bytes >> 12 && slot.hva == request.hva,
              "a slot is what was asked for");
      rk_slot again{};
      require(rk_slot_find(vm_, end - 1, &again) == 1 && again.id == slot.id, "a slot's last page is found");
    }
    require(found == (request.bytes != 0), "a slot is there, or gone");
    require(rk_slot_total_pages(vm_) == pages, "the total is the sum");
  }

  void decode_exit() {
    rd_run_exit exit{};
    exit.reason = input_.pick(13);
    exit.ipa = address() | (input_.pick(4) == 0 ? input_.pick(4096) : 0);
    exit.mmio_bytes = input_.one_of({1U, 2U, 4U, 8U});
    exit.mmio_write = input_.pick(2);
    exit.mmio_value = input_.number();
    exit.shared = input_.pick(2);
    for (auto& argument : exit.args) argument = input_.pick(4) == 0 ? input_.number() : input_.pick(8);
    rk_action action{};
    rk_exit_decode(vm_, &exit, &action);
    rk_slot slot{};
    const bool memory = rk_slot_find(vm_, action.ipa >> 12, &slot) == 1;
    require(action.verdict <= RK_UNHANDLED, "a verdict that the module knows");
    if (action.verdict == RK_BACK_PAGE) require(memory, "only memory is backed");
    if (action.verdict == RK_USER_MMIO) require(!memory || slot.readonly != 0, "memory is not emulated");
    if (action.verdict == RK_DISTRIBUTOR) require(action.ipa < 0x10000, "an offset in the distributor");
    if (action.verdict == RK_USER_MMIO || action.verdict == RK_DISTRIBUTOR)
      require(action.bytes == 1 || action.bytes == 2 || action.bytes == 4 || action.bytes == 8, "a width that exists");
  }

  void gic_attribute() {
    const auto group = input_.pick(10);
    const std::uint64_t attr = input_.pick(8) == 0 ? input_.number() : input_.pick(8);
    const std::uint64_t value = input_.pick(2) == 0 ? address() : input_.number();
    if (input_.pick(16) == 0) (void)rk_gic_create(vm_);
    if (rk_gic_has(group, attr) != 0)
      require(rk_gic_set(vm_, group, attr, value, kVcpus) != 0, "what is not there cannot be set");
    (void)rk_gic_set(vm_, group, attr, value, kVcpus);
    std::uint64_t got = 0;
    (void)rk_gic_get(vm_, group, attr, &got);
    if (input_.pick(16) != 0) return;
    rk_gic_layout layout{};
    if (rk_gic_freeze(vm_, kVcpus, &layout) != 0 || layout.nr_irqs == 0) return;
    require(layout.nr_irqs >= 64 && layout.nr_irqs <= 992 && layout.nr_irqs % 32 == 0, "a legal number of interrupts");
    require(layout.distributor < limit_ && layout.redistributors < limit_, "frames lie in the address space");
  }

  void ioevent() {
    const rk_ioevent event{address(), input_.number(), input_.one_of({0U, 1U, 2U, 4U, 8U, 3U}), input_.pick(2),
                           input_.pick(5)};
    rd_u32 handle = 0;
    if (input_.coin()) {
      (void)rk_ioevent_add(vm_, &event);
    } else {
      (void)rk_ioevent_remove(vm_, &event, &handle);
    }
  }

  void routes() {
    std::vector<rk_route> all(input_.pick(6));
    for (auto& route : all)
      route = {input_.pick(4) == 0 ? static_cast<rd_u32>(input_.number()) : input_.pick(40), input_.pick(3),
               input_.pick(2), input_.pick(2), input_.pick(80)};
    if (rk_irq_set_routes(vm_, all.data(), static_cast<rd_u32>(all.size())) != 0) return;
    for (const auto& route : all) {
      const rd_u32 intid = rk_irq_gsi_intid(vm_, route.gsi);
      require(intid == 0 || intid >= 32, "a route leads to an SPI");
    }
  }

  void registers() {
    rk_reg reg{};
    const rd_u32 count = rk_reg_count();
    const std::uint64_t id = input_.coin() ? rk_reg_id(static_cast<rd_u32>(input_.word(4)) % count) : input_.word();
    if (rk_reg_lookup(id, &reg) != 0) return;
    require(reg.bytes == 4 || reg.bytes == 8 || reg.bytes == 16, "a register has a width");
    require(reg.bytes == 1U << (id >> 52 & 15), "the width is that of KVM's id");
  }

  void distributor() {
    rk_action action{};
    action.verdict = RK_DISTRIBUTOR;
    action.ipa = input_.one_of({0x0U, 0x84U, 0x104U, 0x184U, 0x204U, 0x304U, 0x400U, 0x6100U}) + input_.pick(128);
    action.bytes = input_.one_of({1U, 2U, 4U, 8U});
    action.write = input_.pick(2);
    action.value = input_.number();
    const auto needs = rk_dist_needs_pause(vm_, &action);
    require(needs == 0 || needs == 1, "a yes or a no");
    for (unsigned vcpu = 0; needs != 0 && vcpu < kVcpus; ++vcpu) {
      if (inside_[vcpu]) leave(vcpu);
    }
    if (action.write == 0) {
      (void)rk_dist_read(vm_, &action);
    } else {
      require(rk_dist_write(vm_, &action, (1U << kVcpus) - 1) >> kVcpus == 0, "only vCPUs that exist are kicked");
    }
  }

  void line() {
    rd_u32 kick = 0;
    const rd_u32 irq = input_.pick(16) == 0 ? static_cast<rd_u32>(input_.number()) : input_.pick(110);
    const rd_u32 level = input_.pick(2);
    int answer = 0;
    switch (input_.pick(3)) {
      case 0: answer = rk_irq_set_line(vm_, irq, level, &kick); break;
      case 1: answer = rk_irq_set_gsi(vm_, irq, level, &kick); break;
      default: answer = rk_irq_pulse_gsi(vm_, irq, &kick);
    }
    require(answer == 0 || kick == 0, "a failed call kicks nobody");
  }

  // A vCPU enters, EL2 reports any states for the SPIs it was offered, the vCPU leaves.
  void run() {
    const unsigned vcpu = input_.pick(kVcpus);
    if (!inside_[vcpu]) {
      inside_[vcpu] = true;
      runs_[vcpu] = {};
      rk_irq_enter(vm_, vcpu, &runs_[vcpu].request);
      return check_offers(vcpu);
    }
    leave(vcpu);
  }
  void leave(unsigned vcpu) {
    inside_[vcpu] = false;
    for (auto& status : runs_[vcpu].exit.spi_status)
      status = input_.pick(4) | (input_.pick(4) != 0 ? RD_SPI_IN_FLIGHT : 0);
    rk_irq_left left{};
    rk_irq_leave(vm_, vcpu, (1U << kVcpus) - 1, &runs_[vcpu], input_.pick(8) != 0, &left);
    require(left.nr_ended <= RD_RUN_MAX_SPIS, "as many ends as offers");
    runs_[vcpu] = {};
  }
  void check_offers(unsigned vcpu) {
    const auto& request = runs_[vcpu].request;
    require(request.nr_spis <= RD_RUN_MAX_SPIS, "offers fit the run page");
    for (unsigned n = 0; n < request.nr_spis; ++n) {
      require(request.spi[n].intid >= 32, "only SPIs are offered");
      for (unsigned other = 0; other < kVcpus; ++other) {
        const auto& theirs = runs_[other].request;
        for (unsigned k = 0; k < theirs.nr_spis; ++k)
          require((other == vcpu && k == n) || theirs.spi[k].intid != request.spi[n].intid, "an SPI is offered once");
      }
    }
  }

  Arguments& input_;
  std::uint64_t limit_;
  rk_vm* vm_;
  rd_run runs_[kVcpus]{};
  bool inside_[kVcpus]{};
};

}  // namespace
}  // namespace redoubt::fuzz

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  using namespace redoubt::fuzz;
  Arguments input{data, size};
  const std::uint64_t kinds[] = {0, RD_VM_PROTECTED | RD_VM_RSI, 0, RD_VM_PROTECTED};
  Vmm vmm{input, static_cast<std::uint32_t>(kinds[input.pick(4)]), input.one_of({33U, 36U, 40U})};
  while (!input.done()) {
    vmm.step();
    count_checked();
  }
  return 0;
}
