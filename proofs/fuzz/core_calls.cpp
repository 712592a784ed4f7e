// SPDX-License-Identifier: Apache-2.0
// Call sequences on core/, arguments of any 64 bits, judged after every call by the specification and the invariants, as
// the explorer does it (proofs/explorer/transition.hpp): longer sequences and wilder arguments, on the same small machine.
#include "proofs/explorer/transition.hpp"
#include "proofs/fuzz/arguments.hpp"
#include "proofs/fuzz/judge.hpp"

namespace redoubt::fuzz {
namespace {

using namespace explorer;

constexpr unsigned kFirstFree = 3;  // pages below are EL2's from boot

class Calls {
 public:
  explicit Calls(Arguments& input) : input_(input) {
    if (input_.pick(4) != 0) build_vms();
  }

  void step() {
    Request request{static_cast<Call>(input_.pick(spec::kCalls)), {}, -1};
    if (input_.pick(16) == 0) request.hyp_budget = static_cast<int>(input_.pick(3));
    choose(request);
    take(request);
  }

 private:
  void build_vms() {
    unsigned next = 4;
    for (const std::uint64_t flags : {std::uint64_t{RD_VM_PROTECTED}, std::uint64_t{0}}) {
      const std::uint64_t vm = flags != 0 ? 0x100 : 0x101;
      take({Call::create, {flags, 33, page(next), page(next + 2), 2}, -1});
      for (unsigned n = 0; n < 4; ++n) take({Call::topup, {vm, page(next + 3 + n), 0, 0, 0}, -1});
      next += 8;
    }
    take({Call::set_ram, {0x100, 0, 2, 0, 0}, -1});
  }

  static auto page(unsigned number) -> std::uint64_t { return kFirstFrame + number; }

  void take(const Request& request) {
    if (request.call == Call::create && !room_for_vm()) return;
    world_.mark();
    const Transition t = take_transition(world_, before_, scratch_, request);
    if (t.wrong != nullptr) broken(t.wrong);
    count_checked();
    if (!t.changed) return;
    if (!t.after) return world_.rewind();
    require(world_.audit_error() == 0, "core's invariants hold");
    before_ = scratch_ = *t.after;
    world_.put_marks(before_);
  }
  // The model holds two VMs, dead ones included; core has more slots.
  auto room_for_vm() const -> bool {
    return before_.vms[0].vm.life == Life::free || before_.vms[1].vm.life == Life::free;
  }

  auto some_page() -> std::uint64_t {
    return input_.pick(16) == 0 ? input_.number() : page(kFirstFree + input_.pick(22));
  }
  auto some_vm() -> std::uint64_t {
    const unsigned choice = input_.pick(32);
    if (choice == 0) return input_.number();
    const std::uint64_t generation = choice == 1 ? 1 + input_.pick(4) : before_.vms[choice % 2].vm.generation;
    return generation << 8 | choice % 2;
  }
  auto some_frame() -> std::uint64_t {
    const unsigned choice = input_.pick(32);
    return choice == 0 ? input_.number() : (choice % 2 == 0 ? 0 : kHalf) + (choice < 28 ? choice / 2 % 2 : choice);
  }
  auto some_count() -> std::uint64_t {
    const unsigned choice = input_.pick(16);
    return choice == 0 ? input_.number() : choice == 1 ? 512 : choice < 12 ? 1 : choice % 4;
  }

  void choose(Request& r) {
    auto& x = r.x;
    switch (r.call) {
      case Call::create:
        // The model has frames of a 33-bit address space and two vCPUs: of what is legal, no more.
        x = {input_.one_of<std::uint64_t>({0, 1, 3, 2, 8}), input_.one_of<std::uint64_t>({33, 33, 33, 32, 41}),
             some_page() & ~std::uint64_t{input_.pick(8) != 0}, some_page(),
             input_.one_of<std::uint64_t>({1, 2, 2, 0, 17})};
        return;
      case Call::topup: x = {some_vm(), some_page(), 0, 0, 0}; return;
      case Call::vcpu_create: x = {some_vm(), input_.pick(3), some_page(), some_page(), 0}; return;
      case Call::vcpu_load:
      case Call::vcpu_put: x = {some_vm(), input_.pick(8) == 0 ? input_.number() : input_.pick(2), 0, 0, 0}; return;
      case Call::reclaim: x = {some_page(), some_count(), 0, 0, 0}; return;
      case Call::host_fault: x = {some_page(), 0, 0, 0, 0}; return;
      case Call::donate:
      case Call::donate_image:
      case Call::share:
        x = {some_vm(), some_frame(), some_page(), some_count(), input_.pick(9)};
        if (r.call == Call::donate_image) x[3] = x[4] = 0;
        return;
      case Call::release:
      case Call::claim:
      case Call::ripas:
        x = {some_vm(), some_frame(), 0, 0, 0};
        x[2] = input_.pick(8) == 0 ? input_.number() : x[1] + some_count();
        x[3] = r.call == Call::claim ? input_.pick(2) : 0;
        return;
      default: x = {some_vm(), some_frame(), some_count(), 0, 0};
    }
  }

  Arguments& input_;
  World world_;
  SpecState before_ = world_.meaning();
  SpecState scratch_ = before_;
};

}  // namespace
}  // namespace redoubt::fuzz

extern "C" auto LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) -> int {
  redoubt::fuzz::Arguments input{data, size};
  redoubt::fuzz::Calls calls{input};
  while (!input.done()) calls.step();
  return 0;
}
