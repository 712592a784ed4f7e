# SPDX-License-Identifier: Apache-2.0
from rd import hostile_host

NAME = "a hostile host finds nothing, every call it makes is as specified, and planted faults are seen"
TIMEOUT = 600

CALLS = 3000  # on each CPU
# enum rd_fault and what the oracle says about it.
FAULTS = ((1, "a page is not zero after it was wiped"),
          (2, r"specified is|CONTRADICTED|no call writes"),
          (3, "counts of borrows .* do not match"))


def run(rig) -> None:
    judged = hostile_host.storm(rig, "storm", 2, CALLS, 300)
    assert judged > CALLS, judged
    for fault, words in FAULTS:
        hostile_host.planted(rig, fault, words)
