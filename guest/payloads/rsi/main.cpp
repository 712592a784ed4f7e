// SPDX-License-Identifier: Apache-2.0
// Conformance of the Realm Services Interface as a guest sees it. Needs a VM of personality rsi.
// Boot arguments: host_call=0 leaves out the call to the VMM, shared=0 the use of shared memory.
#include "guest/payloads/rsi/rsi.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "rsi";

void run_payload(Report& report) noexcept {
  if (machine().personality != Personality::Rsi) {
    report.skipped("everything", "RSI_VERSION was not answered, or the conduit is hvc");
    return;
  }
  check_discovery(report);
  check_configuration(report);
  check_ipa_state(report);
  check_attestation(report);
  check_host_call(report);
}

}  // namespace redoubt::guest
