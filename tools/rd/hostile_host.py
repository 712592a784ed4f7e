# SPDX-License-Identifier: Apache-2.0
"""The payload that is booted as a hostile host, on the hypervisor for debugging, which judges every call it makes."""
import os
import random
import re

from rd.console import Console
from rd.log import note
from rd.qemu import Machine
from rd.rig import Rig

MEMORY_MIB = 128


def seed() -> int:
    """RD_SEED, or a new one each time; printed, so that a failure can be repeated."""
    chosen = int(os.environ.get("RD_SEED") or random.randrange(1, 1 << 32))
    note(f"RD_SEED={chosen}")
    return chosen


def start(rig: Rig, label: str, cpus: int, arguments: str) -> Console:
    image = rig.oracle_image(rig.payload("guest-hostile-host.bin"))
    machine = Machine(image, append=f"ram={MEMORY_MIB} {arguments}", smp=cpus, memory=f"{MEMORY_MIB}M", fatal=())
    return rig.start(machine, label)


def storm(rig: Rig, label: str, cpus: int, calls: int, timeout: float) -> int:
    """A storm that must find nothing; answers how many calls were judged."""
    with start(rig, label, cpus, f"seed={seed()} calls={calls}") as host:
        host.wait(r"payload hostile-host: \d+ passed, \d+ failed|PANIC at EL2", timeout)
        failures = [line for line in host.text.splitlines() if line.startswith("FAIL") or "oracle:" in line]
        assert not failures and "PANIC" not in host.text, failures
        assert host.wait_exit(timeout=30) == 0
        return int(re.search(r"^(\d+) calls judged", host.text, re.M)[1])


def planted(rig: Rig, fault: int, words: str) -> None:
    """The oracle must see a fault that EL2 was told to commit, say what it is, name the last calls and stop EL2."""
    with start(rig, f"fault-{fault}", 1, f"seed=1 calls=20000 fault={fault}") as host:
        host.wait(rf"oracle: .*{words}", 120)
        host.wait(r"oracle: 0 calls ago \w+\(", 30)
        host.wait(r"PANIC at EL2: core left its specification", 30)
