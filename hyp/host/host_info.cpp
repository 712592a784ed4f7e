// SPDX-License-Identifier: Apache-2.0
#include "hyp/host/host_info.hpp"

#include "abi/hypercall.h"
#include "hyp/core_state.hpp"
#include "hyp/cpu/entropy.hpp"
#include "hyp/cpu/machine_state.hpp"
#include "hyp/host/host_traps.hpp"
#include "hyp/log/log.hpp"
#include "hyp/mm/linear_map.hpp"
#include "hyp/mm/window.hpp"
#include "hyp/smmu/smmu.hpp"

namespace redoubt::hyp {
namespace {

auto cpus_online() noexcept -> std::uint64_t {
  std::uint64_t online = 0;
  for (unsigned n = 0; n < cpu_count(); ++n) online += cpu_at(n).online.load(std::memory_order_relaxed) ? 1 : 0;
  return online;
}

}  // namespace

auto host_info(std::uint64_t key) noexcept -> Result<std::uint64_t> {
  const auto& state = machine();
  Locked core{core_state()};
  const auto& counters = core->counters;
  switch (key) {
    case RD_INFO_DMA_POLICY: return state.dma_policy;
    case RD_INFO_ENTROPY: return static_cast<std::uint64_t>(entropy_source());
    case RD_INFO_MAX_IPA_BITS: return state.max_ipa_bits;
    case RD_INFO_NR_LRS: return state.gic.nr_lrs;
    case RD_INFO_RESERVED_BYTES: return state.reserved_bytes;
    case RD_INFO_IMAGE_PA: return state.image_pa;
    case RD_INFO_IMAGE_BYTES: return state.image_bytes;
    case RD_INFO_VMS: return counters.vms;
    case RD_INFO_PAGES_HYP: return counters.hyp_pages;
    case RD_INFO_PAGES_GUEST: return counters.guest_pages;
    case RD_INFO_PAGES_BORROWED: return counters.borrowed_pages;
    case RD_INFO_DECOYS: return counters.decoys;
    case RD_INFO_HOST_FAULTS: return host_faults_injected();
    case RD_INFO_CPUS_ONLINE: return cpus_online();
    case RD_INFO_DMA_STOPPED: return smmu_stopped();
    case RD_INFO_POOL_FREE: return linear_tables_free();
#ifdef RD_ORACLE
    default: return oracle_info(*core, key);
#else
    default: return Unexpected{Error::INVALID};
#endif
  }
}

auto cpu_state(const PerCpu& cpu, std::uint64_t key) noexcept -> Result<std::uint64_t> {
  if (key == RD_CPU_STATE_EXITS) return cpu.exits;
  return Unexpected{Error::INVALID};
}

void log_read(Context& host) noexcept {
  Locked core{core_state()};
  const Pfn page{host.x[1]};
  const auto place = core->pages.find(page);
  if (!place || !core->pages.at(place->page).host_exclusive()) {
    host.x[0] = static_cast<std::uint64_t>(status_of(place ? Error::PERM : Error::INVALID));
    return;
  }
  auto offset = host.x[2];
  const Window window{page};
  const auto bytes = window.page();
  const auto count = log_copy(offset, {reinterpret_cast<char*>(bytes.data()), bytes.size()});
  host.x[0] = 0;
  host.x[1] = count;
  host.x[2] = offset;
}

}  // namespace redoubt::hyp
