// SPDX-License-Identifier: Apache-2.0
// What is proved: entry points of core as the hypervisor's translation units hold them.
#include "proofs/prover/proof.hpp"

namespace redoubt::prover {
namespace {

const std::string kCalls = "hyp/host/host_calls.cpp";
const std::string kVmCalls = "hyp/host/vm_calls.cpp";
const std::string kVcpuCalls = "hyp/host/vcpu_calls.cpp";
const std::string kAborts = "hyp/host/host_abort.cpp";

auto mangled(const std::string& name) -> std::string {
  return "_ZN7redoubt4core" + std::to_string(name.size()) + name + "I";
}

auto entry(const std::string& name, const std::string& file, unsigned arguments, unsigned frames = 0) -> EntryPoint {
  EntryPoint made;
  made.name = name;
  made.mangled = mangled(name);
  made.file = file;
  made.arguments = arguments;
  made.frames = frames;
  return made;
}

auto answering(EntryPoint entry, Answer answer, unsigned bytes = 0, unsigned flag = 0) -> EntryPoint {
  entry.answer = answer;
  entry.answer_bytes = bytes;
  entry.answer_flag = flag;
  return entry;
}

auto taking(EntryPoint entry, std::vector<Role> roles) -> EntryPoint {
  entry.makes_vcpu = roles == std::vector{Role::vcpu};
  entry.taken_as = std::move(roles);
  return entry;
}

// A call over 1 page, or a block of 512, is proved for 1 page and for numbers that are refused.
auto of_one_page(EntryPoint entry, unsigned argument) -> EntryPoint {
  entry.split_argument = argument;
  entry.split_values = {1};
  entry.left_out = {512};
  return entry;
}

}  // namespace

auto entry_points() -> const std::vector<EntryPoint>& {
  static const std::vector<EntryPoint> all = {
      answering(entry("host_mapped", kAborts, 1, 0b1), Answer::one),
      entry("vm_finalise", kVmCalls, 1),
      entry("vm_teardown", kVmCalls, 1),
      entry("vm_destroy", kVmCalls, 1),
      entry("host_share_hyp", kVcpuCalls, 1, 0b1),
      answering(entry("guest_page", "hyp/vcpu/guest_abort.cpp", 2, 0b10), Answer::object, 40, 32),
      answering(entry("host_fault", kAborts, 1, 0b1), Answer::one),
      taking(answering(entry("vm_topup", kCalls, 2, 0b10), Answer::value), {Role::pool}),
      taking(entry("vcpu_create", kVcpuCalls, 4, 0b1100), {Role::vcpu}),
      of_one_page(entry("mem_donate", kCalls, 4, 0b0110), 3),
      of_one_page(entry("mem_share", kCalls, 5, 0b00110), 3),
  };
  return all;
}

}  // namespace redoubt::prover
