// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/cpu.hpp"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstddef>

#include "vmm/boards/arm64/layout.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::arm64 {
namespace {

constexpr int kFirstPpi = 16;
constexpr std::uint64_t kMpidrAffinity = 0xff00ffffff;
// PSTATE: D, A, I, F masked, EL1h.
constexpr std::uint64_t kBootPstate = 0x3c5;

[[nodiscard]] constexpr auto core_reg(std::size_t offset) -> std::uint64_t {
  return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (offset / sizeof(std::uint32_t));
}

constexpr std::uint64_t kRegX0 = core_reg(offsetof(kvm_regs, regs.regs[0]));
constexpr std::uint64_t kRegPc = core_reg(offsetof(kvm_regs, regs.pc));
constexpr std::uint64_t kRegPstate = core_reg(offsetof(kvm_regs, regs.pstate));
constexpr std::uint64_t kRegMpidr = ARM64_SYS_REG(3, 0, 0, 0, 5);

void set_register(const Vcpu& vcpu, std::uint64_t id, std::uint64_t value) {
  kvm_one_reg request{.id = id, .addr = reinterpret_cast<std::uintptr_t>(&value)};
  if (::ioctl(vcpu.fd(), KVM_SET_ONE_REG, &request) != 0) {
    fail("cannot set register {:#x} of vCPU {}: {}", id, vcpu.index(), errno_text(errno));
  }
}

[[nodiscard]] constexpr auto feature(unsigned number) -> std::uint32_t { return 1u << number; }

// What a stock KVM offers is passed on, so that an ordinary guest sees the CPU it would see under any other VMM.
[[nodiscard]] auto offered_features(const KvmVm& vm) -> std::uint32_t {
  std::uint32_t features = feature(KVM_ARM_VCPU_PSCI_0_2);
  if (vm.capability(KVM_CAP_ARM_PMU_V3) > 0) features |= feature(KVM_ARM_VCPU_PMU_V3);
  if (vm.capability(KVM_CAP_ARM_SVE) > 0) features |= feature(KVM_ARM_VCPU_SVE);
  if (vm.capability(KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0 && vm.capability(KVM_CAP_ARM_PTRAUTH_GENERIC) > 0) {
    features |= feature(KVM_ARM_VCPU_PTRAUTH_ADDRESS) | feature(KVM_ARM_VCPU_PTRAUTH_GENERIC);
  }
  return features;
}

}  // namespace

CpuModel::CpuModel(const KvmVm& vm) : features_(offered_features(vm)) {
  kvm_vcpu_init preferred{};
  if (::ioctl(vm.fd(), KVM_ARM_PREFERRED_TARGET, &preferred) != 0) {
    fail("KVM_ARM_PREFERRED_TARGET failed: {}", errno_text(errno));
  }
  target_ = preferred.target;
}

void CpuModel::initialise(const Vcpu& vcpu, bool boot) const {
  kvm_vcpu_init init{};
  init.target = target_;
  init.features[0] = features_ | (boot ? 0 : feature(KVM_ARM_VCPU_POWER_OFF));
  if (::ioctl(vcpu.fd(), KVM_ARM_VCPU_INIT, &init) != 0) {
    fail("KVM_ARM_VCPU_INIT of vCPU {} failed: {}", vcpu.index(), errno_text(errno));
  }
  if ((features_ & feature(KVM_ARM_VCPU_SVE)) == 0) return;
  int what = KVM_ARM_VCPU_SVE;
  if (::ioctl(vcpu.fd(), KVM_ARM_VCPU_FINALIZE, &what) != 0) {
    fail("cannot give vCPU {} its vector unit: {}", vcpu.index(), errno_text(errno));
  }
}

auto CpuModel::has_pmu() const noexcept -> bool { return (features_ & feature(KVM_ARM_VCPU_PMU_V3)) != 0; }

void CpuModel::finish(const Vcpu& vcpu) const {
  if (!has_pmu()) return;
  const int intid = kFirstPpi + static_cast<int>(kPmuPpi.number);
  set_device_attr(vcpu.fd(), KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ, &intid, "placing the PMU's interrupt");
  set_device_attr(vcpu.fd(), KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, nullptr, "initialising the PMU");
}

auto affinity_of(const Vcpu& vcpu) -> std::uint64_t {
  std::uint64_t mpidr = 0;
  kvm_one_reg request{.id = kRegMpidr, .addr = reinterpret_cast<std::uintptr_t>(&mpidr)};
  if (::ioctl(vcpu.fd(), KVM_GET_ONE_REG, &request) != 0) {
    fail("cannot read MPIDR_EL1 of vCPU {}: {}", vcpu.index(), errno_text(errno));
  }
  return mpidr & kMpidrAffinity;
}

void set_boot_registers(const Vcpu& vcpu, Ipa entry, Ipa dtb) {
  set_register(vcpu, kRegPstate, kBootPstate);
  set_register(vcpu, kRegX0, dtb.value());
  set_register(vcpu, kRegPc, entry.value());
}

}  // namespace redoubt::vmm::arm64
