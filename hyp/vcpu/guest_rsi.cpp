// SPDX-License-Identifier: Apache-2.0
// The Realm Services Interface (DEN0137, RSI 1.0) for VMs of the rsi personality.
//
// Calls that change who owns memory are answered after the change is complete at EL2; the exit that follows only tells
// the host what it got back or must supply again. Work per call is bounded: the guest is told how far it got.
#include <cstring>

#include "arch/arm64/common/sysreg_access.hpp"
#include "core/ownership/claim.hpp"
#include "core/ownership/query.hpp"
#include "core/ownership/release.hpp"
#include "hyp/core_state.hpp"
#include "hyp/mm/window.hpp"
#include "hyp/vcpu/guest_call.hpp"
#include "hyp/vcpu/guest_vm.hpp"
#include "hyp/vcpu/measurement.hpp"
#include "hyp/vcpu/run.hpp"

namespace redoubt::hyp {
namespace {

using arm64::Fid;
using arm64::RsiStatus;

auto answer(RsiStatus status) noexcept -> std::uint64_t { return static_cast<std::uint64_t>(status); }

auto protected_frame(const GuestVm& vm, std::uint64_t ipa) noexcept -> bool {
  return aligned(ipa, kPageSize) && ipa >> (vm.ipa_bits - 1) == 0;
}

// Gives `use` the bytes of the page behind a private RAM address that the guest named, under the core lock: without it
// another vCPU could give the page up meanwhile, and EL2 would write to its next owner's. If the host has not supplied the
// page yet, the call is abandoned (PC back on the SMC) and the host asked for it; the guest issues the call again without
// noticing.
enum class Lookup : std::uint8_t { FOUND, ABANDONED, INVALID };

template <class Use>
auto with_guest_page(PerCpu& cpu, Vcpu& vcpu, std::uint64_t ipa, Use use) noexcept -> Lookup {
  if (!protected_frame(*vcpu.vm, align_down(ipa, kPageSize))) return Lookup::INVALID;
  {
    Locked core{core_state()};
    const auto found = core::guest_page(*core, core::VmHandle{vcpu.vm->handle}, gfn_of(Ipa{ipa}));
    if (!found || found->ripas != core::Ripas::ram) return Lookup::INVALID;
    if (found->mapped) {
      const Window window{found->pfn};
      use(window.page());
      return Lookup::FOUND;
    }
  }
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) - 4);
  vcpu.pending = PendingAccess{.await = Await::MEMORY};
  leave_guest(cpu, vcpu, {.reason = RD_EXIT_MEMORY, .ipa = align_down(ipa, kPageSize), .args = {RD_PROT_W}});
  return Lookup::ABANDONED;
}

void version(Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  const bool same = x[1] == arm64::kRsi1_0;
  x[0] = same ? answer(RsiStatus::SUCCESS) : answer(RsiStatus::ERROR_INPUT);
  x[1] = arm64::kRsi1_0;
  x[2] = arm64::kRsi1_0;
}

void realm_config(PerCpu& cpu, Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  if (!aligned(x[1], kPageSize)) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  const std::uint64_t width = vcpu.vm->ipa_bits;
  const auto found = with_guest_page(cpu, vcpu, x[1], [width](std::span<std::byte, kPageSize> bytes) noexcept {
    std::memset(bytes.data(), 0, bytes.size());
    std::memcpy(bytes.data() + arm64::rsi_config::kIpaWidth, &width, sizeof(width));
    bytes[arm64::rsi_config::kHashAlgorithm] = static_cast<std::byte>(arm64::RsiHash::SHA256);
  });
  if (found == Lookup::ABANDONED) return;
  if (found == Lookup::INVALID) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  vcpu.vm->realm_configured.store(true, std::memory_order_relaxed);
  x[0] = answer(RsiStatus::SUCCESS);
}

// x1 = base, x2 = top (exclusive), x3 = RIPAS, x4 = flags.
void ipa_state_set(PerCpu& cpu, Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  const auto& vm = *vcpu.vm;
  const auto base = x[1], top = x[2], ripas = x[3];
  const std::uint64_t half = std::uint64_t{1} << (vm.ipa_bits - 1);
  const bool to_ram = ripas == static_cast<std::uint64_t>(arm64::RsiRipas::RAM);
  const bool valid = aligned(base | top, kPageSize) && base < top && top <= half &&
                     (to_ram || ripas == static_cast<std::uint64_t>(arm64::RsiRipas::EMPTY));
  if (!valid) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  Result<core::GuestProgress> done = Unexpected{Error::INVALID};
  {
    Locked core{core_state()};
    const core::VmHandle handle{vm.handle};
    done = to_ram ? core::guest_claim(*core, handle, gfn_of(Ipa{base}), gfn_of(Ipa{top}),
                                      (x[4] & arm64::kRsiChangeDestroyed) != 0)
                  : core::guest_release(*core, handle, gfn_of(Ipa{base}), gfn_of(Ipa{top}));
  }
  if (!done) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  const auto reached = ipa_of(done->reached).value();
  if (reached == base && done->tables_needed != 0) {
    RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) - 4);
    leave_guest(cpu, vcpu, {.reason = RD_EXIT_NEED_TABLES, .args = {done->tables_needed}});
    return;
  }
  x[0] = answer(RsiStatus::SUCCESS);
  x[1] = reached;
  // No progress and nothing the host could do about it (a destroyed page): the guest must not ask for ever.
  x[2] = static_cast<std::uint64_t>(reached == base ? arm64::RsiResponse::REJECT : arm64::RsiResponse::ACCEPT);
  if (reached == base) return;
  leave_guest(cpu, vcpu,
              {.reason = RD_EXIT_RIPAS,
               .args = {base, reached, to_ram ? std::uint64_t{RD_RIPAS_RAM} : std::uint64_t{RD_RIPAS_EMPTY}}});
}

void ipa_state_get(Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  const auto base = x[1], end = x[2];
  const std::uint64_t half = std::uint64_t{1} << (vcpu.vm->ipa_bits - 1);
  if (!aligned(base | end, kPageSize) || base >= end || end > half) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  Result<core::RipasRun> run = Unexpected{Error::INVALID};
  {
    Locked core{core_state()};
    run = core::guest_ripas(*core, core::VmHandle{vcpu.vm->handle}, gfn_of(Ipa{base}), gfn_of(Ipa{end}));
  }
  x[0] = answer(run ? RsiStatus::SUCCESS : RsiStatus::ERROR_INPUT);
  if (!run) return;
  x[1] = ipa_of(run->end).value();
  x[2] = static_cast<std::uint64_t>(run->ripas);
}

void measurement_read(Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  const auto index = x[1];
  if (index >= arm64::kRsiMeasurements) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  std::array<std::uint64_t, 8> words{};
  {
    Locked core{core_state()};
    words = read_measurement(vcpu.vm->measurements, static_cast<unsigned>(index));
  }
  x[0] = answer(RsiStatus::SUCCESS);
  for (unsigned n = 0; n < words.size(); ++n) x[1 + n] = words[n];
}

// x1 = index, x2 = bytes, x3..x10 = value.
void measurement_extend(Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  const bool valid = x[1] >= arm64::kRsiMeasurementFirstExtensible && x[1] < arm64::kRsiMeasurements &&
                     x[2] <= arm64::kRsiMeasurementBytes;
  if (valid) {
    std::array<std::uint64_t, 8> value{};
    for (unsigned n = 0; n < value.size(); ++n) value[n] = x[3 + n];
    Locked core{core_state()};
    extend_measurement(vcpu.vm->measurements, static_cast<unsigned>(x[1]),
                       std::as_bytes(std::span{value}).first(static_cast<std::size_t>(x[2])));
  }
  x[0] = answer(valid ? RsiStatus::SUCCESS : RsiStatus::ERROR_INPUT);
}

// The structure is read and written in place. No host service exists behind this call yet: every immediate is answered
// "not supported" in the first register, which is what a host that knows none of them says.
void host_call(PerCpu& cpu, Vcpu& vcpu) noexcept {
  auto& x = vcpu.context.x;
  if (!aligned(x[1], arm64::rsi_host_call::kBytes)) {
    x[0] = answer(RsiStatus::ERROR_INPUT);
    return;
  }
  const auto offset = x[1] & (kPageSize - 1);
  const auto found = with_guest_page(cpu, vcpu, x[1], [offset](std::span<std::byte, kPageSize> bytes) noexcept {
    const std::uint64_t not_supported = ~std::uint64_t{0};
    std::memcpy(bytes.data() + offset + arm64::rsi_host_call::kGprs, &not_supported, sizeof(not_supported));
  });
  if (found == Lookup::ABANDONED) return;
  x[0] = answer(found == Lookup::FOUND ? RsiStatus::SUCCESS : RsiStatus::ERROR_INPUT);
}

}  // namespace

void guest_rsi(PerCpu& cpu, Vcpu& vcpu, Fid call) noexcept {
  auto& x = vcpu.context.x;
  switch (call) {
    case Fid::RSI_VERSION: return version(vcpu);
    case Fid::RSI_FEATURES:
      x[0] = answer(RsiStatus::SUCCESS);
      x[1] = 0;
      return;
    case Fid::RSI_MEASUREMENT_READ: return measurement_read(vcpu);
    case Fid::RSI_MEASUREMENT_EXTEND: return measurement_extend(vcpu);
    case Fid::RSI_REALM_CONFIG: return realm_config(cpu, vcpu);
    case Fid::RSI_IPA_STATE_SET: return ipa_state_set(cpu, vcpu);
    case Fid::RSI_IPA_STATE_GET: return ipa_state_get(vcpu);
    case Fid::RSI_HOST_CALL: return host_call(cpu, vcpu);
    case Fid::RSI_ATTESTATION_TOKEN_INIT:
      // This version signs no tokens. The error reaches the guest's user space as a failed report, not as a token.
      x[0] = answer(RsiStatus::ERROR_UNKNOWN);
      x[1] = 0;
      return;
    case Fid::RSI_ATTESTATION_TOKEN_CONTINUE:
      x[0] = answer(RsiStatus::ERROR_STATE);  // no token was begun
      x[1] = 0;
      return;
    default: x[0] = ~std::uint64_t{0}; return;
  }
}

}  // namespace redoubt::hyp
