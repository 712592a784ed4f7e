# SPDX-License-Identifier: Apache-2.0
from rd import matrix
from rd.linux_guest import Guest
from rd.matrix import Row

NAME = "stock kernels as guests of stock kernels: disk, sockets, console, memory, with 1, 2 and 4 CPUs"
TIMEOUT = 3600

ROWS = (
    Row("6.12", "neoverse-n1", 2, (Guest("7", True, 2), Guest("7", False, 2), Guest("6.12", False, 1)), disk_mib=64, endings=True),
    Row("7", "neoverse-n1", 2, (Guest("7", True, 4), Guest("6.12", False, 2))),
    Row("6.12", "max", 4, (Guest("7", True, 4), Guest("7", False, 4))),
    Row("6.12", "cortex-a53", 1, (Guest("7", True, 1), Guest("6.12", False, 1))),
)


def run(rig) -> None:
    for row in ROWS:
        matrix.run(rig, row)
