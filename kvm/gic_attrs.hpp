// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The configuration of a VM's GICv3, as its device file takes it (Documentation/virt/kvm/devices/arm-vgic-v3.rst).
//
// Addresses, NR_IRQS and INIT come in either order: QEMU initialises first and places the frames later, others the
// opposite. What counts is the state at the first run. Called under the VM's mutex.
#pragma once

#include <cstdint>
#include <optional>

#include "base/addr.hpp"
#include "kvm/errno.hpp"

namespace redoubt::kvm {

// What EL2 is told: VM_SET_GIC.
struct GicLayout {
  Ipa distributor;
  Ipa redistributors;
  std::uint32_t nr_irqs;
};

class GicAttrs {
 public:
  constexpr explicit GicAttrs(Ipa ipa_limit) noexcept : ipa_limit_(ipa_limit) {}

  // KVM_CREATE_DEVICE. kExist: there is one already.
  [[nodiscard]] auto create() noexcept -> KvmResult<>;
  [[nodiscard]] auto created() const noexcept -> bool { return created_; }
  [[nodiscard]] auto ready() const noexcept -> bool { return initialised_; }

  // kNxIo: no such attribute.
  [[nodiscard]] static auto has(std::uint32_t group, std::uint64_t attr) noexcept -> KvmResult<>;
  // value: what the user's pointer leads to (32 bits for NR_IRQS, 64 for addresses, unused for INIT).
  // kNxIo no such attribute, kInval malformed or out of range, kExist an address is set twice, kBusy NR_IRQS is fixed,
  // kNoDev INIT without vCPUs, kPerm after freeze().
  [[nodiscard]] auto set(std::uint32_t group, std::uint64_t attr, std::uint64_t value, std::uint32_t vcpus) noexcept
      -> KvmResult<>;
  // request: the value the user passed in; of use to REDIST_REGION alone, whose index it holds.
  [[nodiscard]] auto get(std::uint32_t group, std::uint64_t attr, std::uint64_t request) const noexcept
      -> KvmResult<std::uint64_t>;

  // At the first run; nothing changes after. No layout: the VM has no GIC. kBusy: INIT is missing. kNxIo: an address is
  // missing. kInval: the redistributors of `vcpus` vCPUs do not fit into what was set or run into the distributor.
  [[nodiscard]] auto freeze(std::uint32_t vcpus) noexcept -> KvmResult<std::optional<GicLayout>>;

  // Bytes of attribute values: 4 for NR_IRQS, 8 for addresses, 0 for INIT.
  [[nodiscard]] static auto value_bytes(std::uint32_t group) noexcept -> unsigned;
  [[nodiscard]] auto nr_irqs() const noexcept -> std::uint32_t { return nr_irqs_; }
  [[nodiscard]] auto distributor() const noexcept -> std::optional<Ipa> { return distributor_; }

 private:
  [[nodiscard]] auto set_address(std::uint64_t type, std::uint64_t value) noexcept -> KvmResult<>;
  [[nodiscard]] auto set_redistributors(std::uint64_t base, std::uint32_t count) noexcept -> KvmResult<>;
  [[nodiscard]] auto set_nr_irqs(std::uint64_t value) noexcept -> KvmResult<>;
  [[nodiscard]] auto frame_fits(std::uint64_t base, std::uint64_t bytes) const noexcept -> bool;
  [[nodiscard]] auto get_address(std::uint64_t type, std::uint64_t request) const noexcept -> KvmResult<std::uint64_t>;

  Ipa ipa_limit_;
  bool created_ = false;
  bool initialised_ = false;
  bool frozen_ = false;
  std::uint32_t nr_irqs_ = 0;
  std::optional<Ipa> distributor_;
  std::optional<Ipa> redistributors_;
  std::uint32_t region_count_ = 0;  // frames of REDIST_REGION 0; 0: set by REDIST, as many as vCPUs
};

}  // namespace redoubt::kvm
