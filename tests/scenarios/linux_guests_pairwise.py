# SPDX-License-Identifier: Apache-2.0
from rd import matrix
from rd.linux_guest import Guest
from rd.log import note
from rd.matrix import Row

NAME = "stock guests on stock hosts: every pair of host kernel, processor, CPUs, guest kernel and kind, vCPUs"
TIMEOUT = 7200
SLOW = True  # a boot of a machine for each row

AXES = (
    ("6.12", "7"),                                           # host
    ("neoverse-n1", "max", "cortex-a53", "cortex-a76"),      # processor
    (1, 2, 4),                                               # CPUs of the host
    (("7", True), ("7", False), ("6.12", False)),            # guest kernel, protected
    (1, 2, 4),                                               # CPUs of the guest
)


def run(rig) -> None:
    rows = [Row(host, cpu, smp, (Guest(series, protected, vcpus),))
            for host, cpu, smp, (series, protected), vcpus in matrix.pairwise(*AXES)]
    for number, row in enumerate(rows, 1):
        note(f"row {number} of {len(rows)}")
        matrix.run(rig, row)
