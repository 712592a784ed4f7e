// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/gic_attrs.hpp"

#include "base/bits.hpp"
#include "vgic/redistributor.hpp"
#include "vgic/spi_set.hpp"

namespace redoubt::kvm {
namespace {

// KVM_DEV_ARM_VGIC_GRP_*, KVM_VGIC_V3_ADDR_TYPE_*, KVM_DEV_ARM_VGIC_CTRL_INIT
constexpr std::uint32_t kGroupAddr = 0;
constexpr std::uint32_t kGroupNrIrqs = 3;
constexpr std::uint32_t kGroupCtrl = 4;
constexpr std::uint64_t kAddrDist = 2;
constexpr std::uint64_t kAddrRedist = 3;
constexpr std::uint64_t kAddrRedistRegion = 5;
constexpr std::uint64_t kCtrlInit = 0;

constexpr std::uint32_t kDefaultIrqs = 256;  // as KVM when NR_IRQS was not set
constexpr std::uint64_t kFrame = arm64::kGicFrameSize;
using vgic::kRedistributorSize;

using RegionIndex = Field<0, 12>;
using RegionFlags = Field<12, 4>;
using RegionBase = Field<16, 36>;
using RegionCount = Field<52, 12>;

constexpr auto end_of(Ipa base, std::uint64_t frames) noexcept -> std::uint64_t {
  return base.value() + frames * kRedistributorSize;
}

}  // namespace

auto GicAttrs::create() noexcept -> KvmResult<> {
  if (created_) return KvmError{Errno::kExist};
  created_ = true;
  return {};
}

auto GicAttrs::has(std::uint32_t group, std::uint64_t attr) noexcept -> KvmResult<> {
  const bool address = attr == kAddrDist || attr == kAddrRedist || attr == kAddrRedistRegion;
  const bool known = (group == kGroupAddr && address) || (group == kGroupNrIrqs && attr == 0) ||
                     (group == kGroupCtrl && attr == kCtrlInit);
  if (!known) return KvmError{Errno::kNxIo};
  return {};
}

auto GicAttrs::value_bytes(std::uint32_t group) noexcept -> unsigned {
  return group == kGroupAddr ? 8 : group == kGroupNrIrqs ? 4 : 0;
}

auto GicAttrs::frame_fits(std::uint64_t base, std::uint64_t bytes) const noexcept -> bool {
  return aligned(base, kFrame) && base < ipa_limit_.value() && bytes <= ipa_limit_.value() - base;
}

auto GicAttrs::set_redistributors(std::uint64_t base, std::uint32_t count) noexcept -> KvmResult<> {
  if (redistributors_) return KvmError{Errno::kExist};
  if (!frame_fits(base, kRedistributorSize * (count == 0 ? 1 : count))) return KvmError{Errno::kInval};
  redistributors_ = Ipa{base};
  region_count_ = count;
  return {};
}

auto GicAttrs::set_address(std::uint64_t type, std::uint64_t value) noexcept -> KvmResult<> {
  if (type == kAddrRedist) return set_redistributors(value, 0);
  if (type == kAddrRedistRegion) {
    // One region: it has room for every vCPU a VM can have.
    const auto count = static_cast<std::uint32_t>(RegionCount::of(value));
    if (RegionIndex::of(value) != 0 || RegionFlags::of(value) != 0 || count == 0) return KvmError{Errno::kInval};
    return set_redistributors(RegionBase::of(value) << 16U, count);
  }
  if (distributor_) return KvmError{Errno::kExist};
  if (!frame_fits(value, kFrame)) return KvmError{Errno::kInval};
  distributor_ = Ipa{value};
  return {};
}

auto GicAttrs::set_nr_irqs(std::uint64_t value) noexcept -> KvmResult<> {
  if (initialised_ || nr_irqs_ != 0) return KvmError{Errno::kBusy};
  if (value < vgic::kMinIrqs || value > vgic::kMaxIrqs || value % 32 != 0) return KvmError{Errno::kInval};
  nr_irqs_ = static_cast<std::uint32_t>(value);
  return {};
}

auto GicAttrs::set(std::uint32_t group, std::uint64_t attr, std::uint64_t value, std::uint32_t vcpus) noexcept
    -> KvmResult<> {
  if (const auto known = has(group, attr); !known) return known;
  if (frozen_) return KvmError{Errno::kPerm};
  if (group == kGroupAddr) return set_address(attr, value);
  if (group == kGroupNrIrqs) return set_nr_irqs(value);
  if (vcpus == 0) return KvmError{Errno::kNoDev};
  if (nr_irqs_ == 0) nr_irqs_ = kDefaultIrqs;
  initialised_ = true;
  return {};
}

auto GicAttrs::get_address(std::uint64_t type, std::uint64_t request) const noexcept -> KvmResult<std::uint64_t> {
  constexpr std::uint64_t kUndefined = ~std::uint64_t{0};  // VGIC_ADDR_UNDEF
  if (type == kAddrDist) return distributor_ ? distributor_->value() : kUndefined;
  if (type == kAddrRedist) {
    if (region_count_ != 0) return KvmError{Errno::kInval};
    return redistributors_ ? redistributors_->value() : kUndefined;
  }
  if (RegionIndex::of(request) != 0 || region_count_ == 0) return KvmError{Errno::kNoEnt};
  return redistributors_->value() | RegionCount::make(region_count_);
}

auto GicAttrs::get(std::uint32_t group, std::uint64_t attr, std::uint64_t request) const noexcept
    -> KvmResult<std::uint64_t> {
  if (const auto known = has(group, attr); !known) return KvmError{known.error()};
  if (group == kGroupAddr) return get_address(attr, request);
  if (group == kGroupNrIrqs) return nr_irqs_;
  return KvmError{Errno::kNxIo};
}

auto GicAttrs::freeze(std::uint32_t vcpus) noexcept -> KvmResult<std::optional<GicLayout>> {
  if (!created_) {
    frozen_ = true;
    return std::nullopt;
  }
  if (!initialised_) return KvmError{Errno::kBusy};
  if (!distributor_ || !redistributors_) return KvmError{Errno::kNxIo};
  if (region_count_ != 0 && region_count_ < vcpus) return KvmError{Errno::kInval};
  if (!frame_fits(redistributors_->value(), vcpus * kRedistributorSize)) return KvmError{Errno::kInval};
  const bool apart = end_of(*redistributors_, vcpus) <= distributor_->value() ||
                     distributor_->value() + kFrame <= redistributors_->value();
  if (!apart) return KvmError{Errno::kInval};
  frozen_ = true;
  return GicLayout{.distributor = *distributor_, .redistributors = *redistributors_, .nr_irqs = nr_irqs_};
}

}  // namespace redoubt::kvm
