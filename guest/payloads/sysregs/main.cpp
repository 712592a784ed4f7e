// SPDX-License-Identifier: Apache-2.0
// System registers: the ID space, registers of features that are hidden, and what survives leaving the guest.
#include "guest/payloads/sysregs/sysregs.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "sysregs";

void run_payload(Report& report) noexcept {
  check_id_registers(report);
  check_hidden_registers(report);
  check_context(report);
}

}  // namespace redoubt::guest
