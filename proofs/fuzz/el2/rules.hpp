// SPDX-License-Identifier: Apache-2.0
// What must hold after every event at EL2: the invariants of core; which world's registers the CPU has; what an exit shows
// the host; and, for aborts, what the syndrome says, decoded a second time from the Arm ARM.
#pragma once

#include <array>
#include <cstdint>

#include "hyp/vcpu/guest_vm.hpp"
#include "proofs/fuzz/el2/machine.hpp"
#include "proofs/fuzz/judge.hpp"

namespace redoubt::fuzz {

inline constexpr std::uint64_t kSecret = 0x5ec7'e7e7'0000'0000;  // in the upper half of everything that is a guest's

// Values that are recognisably the host's, or the guest's, in all registers that are switched.
void set_host_registers();
void set_guest_system_registers();

class Rules {
 public:
  void before_host();
  void before_guest(const hyp::Vcpu& vcpu);

  void after();
  void audit() const;  // core's invariants: every few events, and at the end
  void after_host_abort();
  // `ipa`: the address that the access went to, with the shared bit.
  void after_guest_abort(const hyp::Vcpu& vcpu, std::uint64_t ipa);

 private:
  void check_world() const;
  void check_exit() const;
  void check_mmio(const rd_run_exit& exit, std::uint64_t ipa) const;

  hyp::El1State host_el1_{};
  std::array<std::uint64_t, 31> host_x_{};
  std::array<std::uint64_t, 31> guest_x_{};
  std::uint64_t elr_ = 0;
  unsigned events_ = 0;
  const hyp::Vcpu* guest_ = nullptr;  // the vCPU that ran before the event
};

}  // namespace redoubt::fuzz
