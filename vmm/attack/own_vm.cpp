// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/own_vm.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>

#include "vmm/vm/failure.hpp"

extern "C" {
extern const std::uint32_t rd_own_guest[];
extern const std::uint32_t rd_own_guest_end[];
}

namespace redoubt::vmm::attack {
namespace {

constexpr unsigned kTablePages = 16;
constexpr std::uint64_t kGicd = 0x0800'0000;
constexpr std::uint64_t kGicr = 0x080a'0000;
constexpr std::uint64_t kReportAddress = 0x0b00'0000;

void expect(const Answer& answer, const char* what) {
  if (answer.status != 0) fail("a VM of the attacker's own: {} answered {}", what, answer.status);
}

}  // namespace

OwnVm::OwnVm(const Device& device)
    : device_(device),
      root_(device.pages(1)),
      decoy_(device.pages(0)),
      state_(device.pages(0)),
      run_(device.pages(0)),
      image_(device.pages(0)) {
  const Answer made =
      device_.call(RD_CALL_VM_CREATE, {RD_VM_PROTECTED | RD_VM_RSI, kIpaBits, root_.value(), decoy_.value(), 2});
  expect(made, "VM_CREATE");
  handle_ = made.x1;
  alive_ = true;
  build();
}

void OwnVm::build() {
  for (unsigned n = 0; n < kTablePages; ++n) {
    tables_.push_back(device_.pages(0));
    expect(call(RD_CALL_VM_TOPUP, {tables_.back().value()}), "VM_TOPUP");
  }
  expect(call(RD_CALL_VM_SET_GIC, {kGicd, kGicr, kNrIrqs}), "VM_SET_GIC");
  expect(call(RD_CALL_VCPU_CREATE, {0, state_.value(), run_.value()}), "VCPU_CREATE");
  expect(call(RD_CALL_VCPU_INIT, {0, 0}), "VCPU_INIT");
  expect(call(RD_CALL_VM_SET_RAM, {kRamGfn, kRamPages}), "VM_SET_RAM");
  const std::size_t words = static_cast<std::size_t>(rd_own_guest_end - rd_own_guest);
  for (std::size_t n = 0; n < words; ++n) {
    if (!device_.store(pa_of(image_) + n * 4, 4, rd_own_guest[n], Mapping::kLinear))
      fail("cannot write the guest's code");
  }
  expect(call(RD_CALL_MEM_DONATE_IMAGE, {kRamGfn, image_.value()}), "MEM_DONATE_IMAGE");
  donated_.push_back(image_);
  expect(call(RD_CALL_VCPU_REG_SET, {0, RD_REG_PC, kRamGfn << kPageShift, 0}), "VCPU_REG_SET of PC");
  expect(call(RD_CALL_VCPU_REG_SET, {0, RD_REG_X0, kShared, 0}), "VCPU_REG_SET of x0");
}

OwnVm::~OwnVm() {
  if (alive_) destroy();
}

auto OwnVm::call(rd_call number, std::initializer_list<std::uint64_t> after_handle) const -> Answer {
  std::array<std::uint64_t, 6> arguments{handle_};
  std::ranges::copy(after_handle, arguments.begin() + 1);
  return device_.call(number, arguments);
}

void OwnVm::finalise() { expect(call(RD_CALL_VM_FINALISE, {}), "VM_FINALISE"); }

auto OwnVm::donate(std::uint64_t gfn, Pfn page) -> std::int64_t {
  const auto status = call(RD_CALL_MEM_DONATE, {gfn, page.value(), 1}).status;
  if (status == 0) donated_.push_back(page);
  return status;
}

auto OwnVm::destroy() -> std::int64_t {
  alive_ = false;
  (void)call(RD_CALL_VM_TEARDOWN, {});
  const auto reclaim = [this](Pfn page) { (void)device_.call(RD_CALL_PAGE_RECLAIM, {page.value(), 1}); };
  std::ranges::for_each(donated_, reclaim);
  std::ranges::for_each(tables_, reclaim);
  for (const Pfn page : {state_, decoy_, root_ + 1, root_}) reclaim(page);
  return call(RD_CALL_VM_DESTROY, {}).status;
}

void OwnVm::set32(std::size_t offset, std::uint32_t value) const {
  (void)device_.store(pa_of(run_) + offset, 4, value, Mapping::kLinear);
}

auto OwnVm::get32(std::size_t offset) const -> std::uint32_t {
  return static_cast<std::uint32_t>(device_.load(pa_of(run_) + offset, 4, Mapping::kLinear).value_or(0));
}

auto OwnVm::get64(std::size_t offset) const -> std::uint64_t {
  return device_.load(pa_of(run_) + offset, 8, Mapping::kLinear).value_or(0);
}

auto OwnVm::run(rd_attack_call extra) const -> Answer {
  extra.x[0] = RD_HYPERCALL_BASE + RD_CALL_VCPU_RUN;
  extra.x[1] = handle_;
  extra.x[2] = 0;
  const CallRegisters x = device_.raw(extra);
  return {static_cast<std::int64_t>(x[0]), x[1], x[2], x[3]};
}

auto OwnVm::next_report(unsigned tries, rd_attack_call extra) -> std::optional<std::uint32_t> {
  for (unsigned n = 0; n < tries; ++n) {
    const Answer answer = run(extra);
    set32(offsetof(rd_run, request.action), RD_ACTION_NONE);
    if (answer.status != 0) fail("VCPU_RUN answered {}", answer.status);
    if (answer.x1 == RD_EXIT_FAULT) fail("the guest broke: fault {}", get64(offsetof(rd_run, exit.args)));
    if (answer.x1 != RD_EXIT_MMIO) continue;
    set32(offsetof(rd_run, request.action), RD_ACTION_MMIO_DONE);
    if (get64(offsetof(rd_run, exit.ipa)) == kReportAddress) {
      return static_cast<std::uint32_t>(get64(offsetof(rd_run, exit.mmio_value)));
    }
  }
  return std::nullopt;
}

}  // namespace redoubt::vmm::attack
