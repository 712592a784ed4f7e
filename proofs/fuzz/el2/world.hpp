// SPDX-License-Identifier: Apache-2.0
// The host and the guest that EL2 serves: what either may do next, as the fuzzer's input says, through EL2's own entry
// points. Each event is judged by rules.hpp.
#pragma once

#include "proofs/fuzz/arguments.hpp"
#include "proofs/fuzz/el2/rules.hpp"

namespace redoubt::fuzz {

class World {
 public:
  // After power-on, with a protected and an ordinary VM that are ready to run, or with nothing.
  World(Arguments& input, bool with_vms);

  void step();
  void finish() const { rules_.audit(); }

 private:
  void build_vms();
  void call(std::initializer_list<std::uint64_t> arguments);

  void host_step();
  void host_call();
  void host_abort();
  void host_trap();
  void scribble_run_page();

  void guest_step(hyp::Vcpu& vcpu);
  void guest_call(hyp::Vcpu& vcpu);
  void guest_abort(hyp::Vcpu& vcpu);
  void guest_trap(hyp::Vcpu& vcpu);
  void guest_registers(hyp::Vcpu& vcpu);

  auto vm() -> std::uint64_t;
  auto page() -> std::uint64_t;
  auto frame() -> std::uint64_t;
  auto ipa() -> std::uint64_t;
  auto abort_syndrome(bool write_allowed) -> std::uint64_t;

  Arguments& input_;
  Rules rules_;
};

}  // namespace redoubt::fuzz
