// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/device.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr const char* kPath = "/dev/" RD_ATTACK_DEVICE;

}  // namespace

Device::Device() : fd_(::open(kPath, O_RDWR | O_CLOEXEC)) {
  if (!fd_) fail("cannot open {}: {}; run as root and load redoubt_attack.ko first", kPath, errno_text(errno));
}

void Device::control(unsigned long request, void* argument, const char* what) const {
  if (::ioctl(fd_.get(), request, argument) != 0) fail("{}: {} failed: {}", kPath, what, errno_text(errno));
}

auto Device::raw(rd_attack_call call) const -> CallRegisters {
  control(RD_ATTACK_CALL, &call, "a call");
  CallRegisters x{};
  std::ranges::copy(call.x, x.begin());
  return x;
}

auto Device::call(std::uint64_t number, std::array<std::uint64_t, 6> arguments) const -> Answer {
  rd_attack_call call{};
  call.x[0] = RD_HYPERCALL_BASE + number;
  std::ranges::copy(arguments, std::begin(call.x) + 1);
  const CallRegisters x = raw(call);
  return {static_cast<std::int64_t>(x[0]), x[1], x[2], x[3]};
}

auto Device::smc(CallRegisters x, std::uint32_t immediate) const -> CallRegisters {
  rd_attack_call call{};
  call.conduit = RD_ATTACK_SMC;
  call.immediate = immediate;
  std::ranges::copy(x, std::begin(call.x));
  return raw(call);
}

auto Device::info(rd_info key) const -> std::uint64_t {
  const Answer answer = call(RD_CALL_INFO, {key});
  return answer.status == 0 ? answer.x1 : 0;
}

auto Device::load(Pa pa, std::uint32_t bytes, Mapping mapping) const -> std::optional<std::uint64_t> {
  rd_attack_access access{};
  access.pa = pa.value();
  access.bytes = bytes;
  access.mapping = static_cast<std::uint32_t>(mapping);
  if (::ioctl(fd_.get(), RD_ATTACK_ACCESS, &access) == 0) return access.value;
  if (errno == EFAULT) return std::nullopt;
  fail("{}: a load at {:#x} failed: {}", kPath, pa.value(), errno_text(errno));
}

auto Device::store(Pa pa, std::uint32_t bytes, std::uint64_t value, Mapping mapping) const -> bool {
  rd_attack_access access{};
  access.pa = pa.value();
  access.value = value;
  access.bytes = bytes;
  access.store = 1;
  access.mapping = static_cast<std::uint32_t>(mapping);
  if (::ioctl(fd_.get(), RD_ATTACK_ACCESS, &access) == 0) return true;
  if (errno == EFAULT) return false;
  fail("{}: a store at {:#x} failed: {}", kPath, pa.value(), errno_text(errno));
}

auto Device::scan(Pfn first, std::uint64_t pages, const SecretMatch& secret) const -> ScanResult {
  ScanResult total;
  for (std::uint64_t done = 0; done < pages;) {
    rd_attack_scan scan{};
    scan.pfn = first.value() + done;
    scan.pages = std::min<std::uint64_t>(pages - done, RD_ATTACK_SCAN_PAGES);
    scan.factor = SecretMatch::kFactor;
    std::ranges::copy(secret.products(), std::begin(scan.product));
    control(RD_ATTACK_SCAN, &scan, "a scan");
    if (scan.hits != 0 && !total.first) total.first = Pa{scan.first_hit};
    total.hits += scan.hits;
    total.unreadable += scan.unreadable;
    done += scan.pages;
  }
  return total;
}

auto Device::read_register(rd_attack_register which) const -> std::uint64_t {
  rd_attack_sysreg request{};
  request.which = which;
  control(RD_ATTACK_SYSREG, &request, "a register read");
  return request.value;
}

auto Device::pages(unsigned order) const -> Pfn {
  rd_attack_pages request{};
  request.order = order;
  control(RD_ATTACK_PAGES, &request, "an allocation");
  return Pfn{request.pfn};
}

}  // namespace redoubt::vmm::attack
