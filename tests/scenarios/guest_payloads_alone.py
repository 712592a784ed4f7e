# SPDX-License-Identifier: Apache-2.0
import re

from rd.qemu import Machine

NAME = "the guest payloads themselves: what they check holds on a machine without a hypervisor"
TIMEOUT = 300

# Payload, boot arguments, fewest checks that must pass. rsi and trng find nobody to talk to here.
PAYLOADS = (
    ("hello", "unclaimed=0x0b000000", 7),
    ("secret", "seconds=1", 1),
    ("interrupts", "", 34),
    ("smp", "", 22),
    ("sysregs", "", 40),
    ("memory", "", 4),
    ("bench", "iterations=64", 2),
    ("rsi", "", 0),
    ("trng", "", 0),
)
CPUS = ("cortex-a53", "max")


def run_one(cpu: str, name: str, arguments: str, at_least: int, image) -> None:
    machine = Machine(kernel=image, append=arguments, cpu=cpu, smp=2, memory="256M", el2=False)
    with machine.start(f"payload-{name}-{cpu}") as guest:
        guest.wait(rf"payload {name}: \d+ passed, \d+ failed", timeout=30)
        counts = re.search(r"payload \w+: (\d+) passed, (\d+) failed", guest.text)
        failures = [line for line in guest.text.splitlines() if line.startswith("FAIL")]
        assert not failures and int(counts[2]) == 0, failures
        assert int(counts[1]) >= at_least, f"{name} on {cpu}: only {counts[1]} checks passed"
        assert guest.wait_exit(timeout=20) == 0


def run(rig) -> None:
    for name, arguments, at_least in PAYLOADS:
        image = rig.payload(f"guest-{name}.bin")
        for cpu in CPUS:
            run_one(cpu, name, arguments, at_least, image)
