// SPDX-License-Identifier: Apache-2.0
#include "hyp/core_state.hpp"

namespace redoubt::hyp {
namespace {

constinit GuardedCore state{};

}  // namespace

auto core_state() noexcept -> GuardedCore& { return state; }

}  // namespace redoubt::hyp
