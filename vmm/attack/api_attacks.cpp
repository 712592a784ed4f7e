// SPDX-License-Identifier: Apache-2.0
// The VMM against its own guest through the KVM API, after the guest has started. Runs inside the VMM's process.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "vmm/attack/attack.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::uint64_t kRamBase = 0x4000'0000;

// The answer of an ioctl that must fail in one way.
[[nodiscard]] auto judge(int answer, int wanted) -> Outcome {
  if (answer >= 0) return reached("accepted");
  if (errno == wanted) return blocked("{}", errno_text(errno));
  return reached("{} instead of {}", errno_text(errno), errno_text(wanted));
}

[[nodiscard]] auto set_slot(const Inside& inside, std::uint32_t slot, std::uint64_t base, std::uint64_t bytes)
    -> Outcome {
  kvm_userspace_memory_region region{};
  region.slot = slot;
  region.guest_phys_addr = base;
  region.memory_size = bytes;
  region.userspace_addr = reinterpret_cast<std::uintptr_t>(inside.ram);
  return judge(::ioctl(inside.vm, KVM_SET_USER_MEMORY_REGION, &region), EPERM);
}

auto move_slot(const Inside& inside) -> Outcome {
  return set_slot(inside, 0, kRamBase + inside.ram_bytes, inside.ram_bytes);
}
auto delete_slot(const Inside& inside) -> Outcome { return set_slot(inside, 0, kRamBase, 0); }
auto add_slot(const Inside& inside) -> Outcome { return set_slot(inside, 1, 0x8000'0000, std::uint64_t{2} << 20); }

constexpr std::uint64_t kPc =
    KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (offsetof(kvm_regs, regs.pc) / sizeof(std::uint32_t));
constexpr std::uint64_t kX19 =
    KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (offsetof(kvm_regs, regs.regs[19]) / sizeof(std::uint32_t));

// x19 holds a word of the secret almost always.
auto get_register(const Inside& inside) -> Outcome {
  std::uint64_t value = 0;
  kvm_one_reg reg{.id = kX19, .addr = reinterpret_cast<std::uintptr_t>(&value)};
  for (unsigned attempt = 0; attempt < 20; ++attempt) {
    if (::ioctl(inside.vcpu, KVM_GET_ONE_REG, &reg) != 0) return blocked("{}", errno_text(errno));
    if (inside.secret.matches(value)) return reached("x19 holds the secret");
  }
  return reached("x19 = {:#x}", value);
}

auto set_register(const Inside& inside) -> Outcome {
  std::uint64_t value = 0;
  kvm_one_reg reg{.id = kPc, .addr = reinterpret_cast<std::uintptr_t>(&value)};
  return judge(::ioctl(inside.vcpu, KVM_SET_ONE_REG, &reg), EPERM);
}

auto reset_vcpu(const Inside& inside) -> Outcome {
  kvm_vcpu_init init{};
  if (::ioctl(inside.vm, KVM_ARM_PREFERRED_TARGET, &init) != 0) return skipped("{}", errno_text(errno));
  init.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2;
  return judge(::ioctl(inside.vcpu, KVM_ARM_VCPU_INIT, &init), EPERM);
}

auto add_vcpu(const Inside& inside) -> Outcome {
  const int fd = ::ioctl(inside.vm, KVM_CREATE_VCPU, 1ul);
  if (fd >= 0) ::close(fd);
  return fd >= 0 ? reached("accepted") : blocked("{}", errno_text(errno));
}

[[nodiscard]] auto gic_attr(const Inside& inside, std::uint32_t group, std::uint64_t attr) -> Outcome {
  std::uint64_t value = ~std::uint64_t{0};
  kvm_device_attr request{};
  request.group = group;
  request.attr = attr;
  request.addr = reinterpret_cast<std::uintptr_t>(&value);
  const Outcome get = judge(::ioctl(inside.gic, KVM_GET_DEVICE_ATTR, &request), ENXIO);
  if (get.reach != Reach::kBlocked) return {get.reach, "GET: " + get.observed};
  const Outcome set = judge(::ioctl(inside.gic, KVM_SET_DEVICE_ATTR, &request), ENXIO);
  return {set.reach, set.reach == Reach::kBlocked ? "GET and SET: " + set.observed : "SET: " + set.observed};
}

auto gic_distributor(const Inside& inside) -> Outcome {
  return gic_attr(inside, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x100);
}
auto gic_redistributor(const Inside& inside) -> Outcome {
  return gic_attr(inside, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 0x10200);
}
auto gic_cpu_interface(const Inside& inside) -> Outcome {
  constexpr std::uint64_t kPmr = (3u << 14) | (4u << 7) | (6u << 3);  // ICC_PMR_EL1: op0 3, CRn 4, CRm 6
  return gic_attr(inside, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, kPmr);
}
auto gic_levels(const Inside& inside) -> Outcome { return gic_attr(inside, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 0); }

// KVM_IRQ_LINE of type PPI (1 << 25): the timer's interrupt.
auto forge_timer_line(const Inside& inside) -> Outcome {
  kvm_irq_level line{};
  line.irq = (2u << 24) | 27;
  line.level = 1;
  return ::ioctl(inside.vm, KVM_IRQ_LINE, &line) == 0 ? reached("accepted") : blocked("{}", errno_text(errno));
}

constexpr std::string_view kEperm = "EPERM";
constexpr std::string_view kEnxio = "ENXIO";

constexpr Attack kAttacks[] = {
    {.name = "memslot-move",
     .what = "the VMM moves the guest's memory to another guest address",
     .expected = kEperm,
     .inside = move_slot},
    {.name = "memslot-delete",
     .what = "the VMM takes the guest's memory away",
     .expected = kEperm,
     .inside = delete_slot},
    {.name = "memslot-add", .what = "the VMM adds memory to the guest", .expected = kEperm, .inside = add_slot},
    {.name = "one-reg-get",
     .what = "KVM_GET_ONE_REG of x19, which holds the secret",
     .expected = "refused",
     .inside = get_register,
     .control = true},
    {.name = "one-reg-set", .what = "KVM_SET_ONE_REG of the guest's PC", .expected = kEperm, .inside = set_register},
    {.name = "vcpu-init-again",
     .what = "KVM_ARM_VCPU_INIT of the running vCPU",
     .expected = kEperm,
     .inside = reset_vcpu},
    {.name = "vcpu-add-late", .what = "KVM_CREATE_VCPU after the start", .expected = "refused", .inside = add_vcpu},
    {.name = "gic-dist-regs",
     .what = "distributor state by device attribute",
     .expected = kEnxio,
     .inside = gic_distributor},
    {.name = "gic-redist-regs",
     .what = "redistributor state by device attribute",
     .expected = kEnxio,
     .inside = gic_redistributor},
    {.name = "gic-cpu-sysregs",
     .what = "CPU interface state by device attribute",
     .expected = kEnxio,
     .inside = gic_cpu_interface},
    {.name = "gic-level-info", .what = "interrupt lines by device attribute", .expected = kEnxio, .inside = gic_levels},
    {.name = "irq-line-ppi",
     .what = "KVM_IRQ_LINE raises the guest's timer interrupt",
     .expected = "refused",
     .inside = forge_timer_line},
};

}  // namespace

auto api_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
