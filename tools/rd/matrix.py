# SPDX-License-Identifier: Apache-2.0
"""Rows of the matrix host kernel x processor x guest. A row is one boot of a host, with several guests one after another."""
import itertools
import time
from dataclasses import dataclass

from rd import linux_guest
from rd.host import Host
from rd.linux_guest import Guest
from rd.log import RdError, say
from rd.rig import Rig


def pairwise(*axes: tuple) -> list[tuple]:
    """Few combinations, in which any two values of any two axes meet at least once. Greedy and always the same."""
    def pairs(combination: tuple) -> set:
        return set(itertools.combinations(enumerate(combination), 2))

    every = list(itertools.product(*axes))
    missing, chosen = set().union(*map(pairs, every)), []
    while missing:
        chosen.append(max(every, key=lambda combination: len(pairs(combination) & missing)))
        missing -= pairs(chosen[-1])
    return chosen


@dataclass(frozen=True)
class Row:
    series: str
    cpu: str
    smp: int
    guests: tuple[Guest, ...]
    disk_mib: int = 8
    endings: bool = False   # the first guest also resets itself, and panics

    def __str__(self) -> str:
        return f"host {self.series} on {self.smp} x {self.cpu}"


def run(rig: Rig, row: Row) -> None:
    """Boot the host, run its guests; afterwards every page is back and the host has nothing to complain about."""
    tree = rig.host_initramfs("ulimit -l unlimited", row.series)
    linux_guest.add_to(tree, rig, {g.series for g in row.guests}, row.disk_mib)
    machine = rig.machine(tree, row.series, cpu=row.cpu, smp=row.smp)
    with rig.start(machine, f"{row.series}-{row.cpu}") as console:
        host = Host.up(console, 180)
        before = host.counters()
        for guest in row.guests:
            started = time.monotonic()
            linux_guest.check(host, guest, row.disk_mib)
            say(f"{row}: {guest}: {time.monotonic() - started:.0f} s")
        if row.endings:
            linux_guest.check_endings(host, row.guests[0])
        after = host.counters()
        if after != before:
            raise RdError(f"{row}: counters before {before}, after {after}")
        host.check_clean()
        host.power_off()
