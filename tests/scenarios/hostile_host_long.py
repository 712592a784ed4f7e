# SPDX-License-Identifier: Apache-2.0
from rd import hostile_host

NAME = "a hostile host makes a million calls from four CPUs and finds nothing"
TIMEOUT = 3600
SLOW = True

CPUS = 4
CALLS = 250_000  # on each CPU


def run(rig) -> None:
    judged = hostile_host.storm(rig, "storm", CPUS, CALLS, 3500)
    assert judged >= CPUS * CALLS // 2, f"only {judged} calls acted on core"
