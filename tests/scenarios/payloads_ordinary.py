# SPDX-License-Identifier: Apache-2.0
from rd import payloads

NAME = "every bare-metal payload passes its checks as an ordinary VM with 1, 2 and 4 CPUs"
TIMEOUT = 600


def run(rig) -> None:
    payloads.run_all(rig, protected=False, cpu_counts=(1, 2, 4))
