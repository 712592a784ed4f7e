// SPDX-License-Identifier: Apache-2.0
#include "hyp/host/host_mmio.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "arch/arm64/common/sysreg_access.hpp"
#include "arch/arm64_defs/esr.hpp"
#include "hyp/cpu/fault_address.hpp"
#include "hyp/host/host_gicr.hpp"
#include "hyp/log/panic.hpp"

namespace redoubt::hyp {
namespace {

namespace iss = arm64::abort_iss;

constinit std::array<Pa, 64> hidden{};
constinit std::size_t hidden_count = 0;

auto is_hidden(Pa at) noexcept -> bool {
  const Pa page{align_down(at.value(), kPageSize)};
  return std::ranges::any_of(std::span{hidden}.first(hidden_count), [page](Pa each) { return each == page; });
}

}  // namespace

void hide_page(Pa page) noexcept {
  if (hidden_count == hidden.size()) panic("too many PCI functions that the host must not see");
  hidden[hidden_count++] = page;
}

auto emulate_host_mmio(PerCpu& cpu, Ipa ipa, std::uint64_t syndrome) noexcept -> bool {
  const Pa at = host_pa_of(ipa);
  const auto frame = redistributor_frame(at);
  if (!frame && !is_hidden(at)) return false;
  const bool data = arm64::exception_class(syndrome) == arm64::ExceptionClass::DATA_ABORT_LOWER;
  const auto size = iss::SAS::of(syndrome);
  if (!data || iss::ISV::of(syndrome) == 0 || !aligned(at.value(), std::uint64_t{1} << size)) return false;
  const auto target = iss::SRT::of(syndrome);
  if (iss::WNR::of(syndrome) != 0) {
    if (frame) write_redistributor(*frame, size, target == 31 ? 0 : cpu.host.x[target]);
  } else if (target != 31) {
    // What a bus answers when no function does: all ones.
    cpu.host.x[target] = frame ? read_redistributor(*frame, size) : bit_mask(0, 8U << size);
  }
  RD_WRITE_SYSREG(ELR_EL2, RD_READ_SYSREG(ELR_EL2) + 4);
  return true;
}

}  // namespace redoubt::hyp
