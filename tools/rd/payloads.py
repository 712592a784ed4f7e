# SPDX-License-Identifier: Apache-2.0
"""The bare-metal payloads as VMs of one host: which there are, and how each shows that it passed."""
import re
import struct

from rd.host import Host, add_tools
from rd.initramfs import Initramfs
from rd.log import RdError, note
from rd.rig import Rig

# Boot arguments and the fewest checks that must pass in an ordinary and in a protected VM with one CPU.
PAYLOADS = {
    "hello": ("", 4, 4),
    "secret": ("seconds=1", 1, 1),
    "interrupts": ("", 30, 30),
    "smp": ("", 8, 8),
    "sysregs": ("", 30, 30),
    "memory": ("", 4, 4),
    "bench": ("iterations=64 pages=256", 1, 1),
    "rsi": ("", 0, 10),
    "trng": ("", 1, 1),
}
MEMORY = "32M"


def add_to(tree: Initramfs, rig: Rig) -> None:
    """Everything Host and run() need in the host."""
    add_tools(tree)
    for name in PAYLOADS:
        tree.file(f"guest-{name}.bin", rig.payload(f"guest-{name}.bin"))


def run(host: Host, name: str, cpus: int, protected: bool) -> list[str]:
    """Run one payload in a VM; answers what was wrong."""
    arguments, *fewest = PAYLOADS[name]
    options = "--protected " if protected else ""
    code, said = host.run_vm(f"{options}--kernel /guest-{name}.bin --memory {MEMORY} --cpus {cpus} --cmdline '{arguments}'", 120)
    where = f"{name}, {'protected' if protected else 'ordinary'}, {cpus} CPUs"
    wrong = [f"{where}: {line}" for line in said.splitlines() if line.startswith("FAIL")]
    counts = re.search(rf"^payload {name}: (\d+) passed, (\d+) failed", said, re.M)
    if code != 0 or counts is None:
        wrong.append(f"{where}: VMM exit code {code}\n{said}")
    elif int(counts[1]) < fewest[protected]:
        wrong.append(f"{where}: only {counts[1]} checks passed")
    if f"cpus {cpus} " not in said or ("personality rsi" in said) != protected:
        wrong.append(f"{where}: the guest sees another machine:\n{said.splitlines()[0] if said else ''}")
    return wrong


def run_all(rig: Rig, protected: bool, cpu_counts: tuple[int, ...], **machine) -> None:
    """One boot of a host; every payload with every number of CPUs; counters and kernel log afterwards."""
    tree = rig.host_initramfs("ulimit -l unlimited")
    add_to(tree, rig)
    with rig.start(rig.machine(tree, **machine)) as console:
        host = Host.up(console)
        before = host.counters()
        wrong = []
        for cpus in cpu_counts:
            for name in PAYLOADS:
                wrong += run(host, name, cpus, protected)
        after = host.counters()
        if after != before:
            wrong.append(f"counters before {before}, after {after}")
        wrong += host.complaints()
        for line in wrong:
            note(line)
        if wrong:
            raise RdError(f"{len(wrong)} things are wrong, the first: {wrong[0]}")
        host.power_off()


def secret_words(pattern: int) -> bytes:
    """The first two words of the payload's secret (guest/payloads/secret/secret.hpp)."""
    words = []
    for i in range(2):
        z = (0x5245_444f_5542_5421 + pattern + i * 0x9e37_79b9_7f4a_7c15) % 2**64
        z = (z ^ z >> 30) * 0xbf58_476d_1ce4_e5b9 % 2**64
        z = (z ^ z >> 27) * 0x94d0_49bb_1331_11eb % 2**64
        words.append(z ^ z >> 31)
    return struct.pack("<QQ", *words)
