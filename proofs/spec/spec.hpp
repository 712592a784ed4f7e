// SPDX-License-Identifier: Apache-2.0
// The executable specification: for each call the one state it ends in and the one answer it gives. README.md explains it.
#pragma once

#include "proofs/spec/life.hpp"
#include "proofs/spec/memory.hpp"
#include "proofs/spec/pages.hpp"
#include "proofs/spec/ranges.hpp"

namespace redoubt::spec {

// Changes `state` as the call must and answers what it must answer. An error changes nothing.
template <State S>
[[nodiscard]] auto run(S& state, const Request& request) noexcept -> Outcome {
  switch (request.call) {
    case Call::create: return create(state, request);
    case Call::topup: return topup(state, request);
    case Call::set_ram: return set_ram(state, request);
    case Call::finalise:
    case Call::stop: return finalise_or_stop(state, request);
    case Call::teardown: return teardown(state, request);
    case Call::destroy: return destroy(state, request);
    case Call::vcpu_create: return vcpu_create(state, request);
    case Call::vcpu_load:
    case Call::vcpu_put: return vcpu_load_or_put(state, request);
    case Call::donate:
    case Call::donate_image: return donate(state, request);
    case Call::share: return share(state, request);
    case Call::unshare: return unshare(state, request);
    case Call::reclaim: return reclaim(state, request);
    case Call::release:
    case Call::claim:
    case Call::ripas: return guest_range(state, request);
    case Call::page: return frame(state, request);
    case Call::host_fault: return host_fault(state, request);
  }
  return {};
}

// EL2's own tables are in no state here, so a call that needs EL2 to map a page may also answer NO_MEMORY and do nothing.
[[nodiscard]] constexpr auto may_lack_memory(Call call) noexcept -> bool {
  return call == Call::create || call == Call::topup || call == Call::vcpu_create;
}

}  // namespace redoubt::spec
