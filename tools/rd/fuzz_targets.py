# SPDX-License-Identifier: Apache-2.0
"""The fuzz targets of proofs/fuzz: what each attacks, and how long a short run of it is."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    name: str
    title: str
    smoke_runs: int            # about five seconds of one quiet CPU
    max_length: int = 2048     # bytes of one input
    seeds: str = ""            # folder with first inputs, from the root of the tree or (build:) from the build folder


TARGETS = (
    Target("boot_tree", "a boot loader's device tree, from its bytes to the host's tree", 12000, 16384, "build:seeds/boot_tree"),
    Target("core_calls", "call sequences on core/, judged by the specification and the invariants", 8000),
    Target("cose_bytes", "bytes from anywhere as CBOR, COSE keys and signed messages", 100000, 512, "proofs/fuzz/seeds/cose_bytes"),
    Target("el2_calls", "hypercalls, guest calls (RSI, PSCI, TRNG), aborts and traps through hyp's own sources", 5000),
    Target("kvm_calls", "a VM's KVM state under a VMM's ioctls, irqfds and exits", 30000),
    Target("vgic_delivery", "interrupts of a two-vCPU VM: nothing forged, nothing lost", 5000, 4096),
    Target("vgic_registers", "distributor and redistributor registers; list registers from a hostile host's requests", 15000),
)


def named(names: list[str]) -> list[Target]:
    """Those with one of the names, or all."""
    unknown = set(names) - {t.name for t in TARGETS}
    if unknown:
        from rd.log import RdError
        raise RdError(f"no fuzz target {', '.join(sorted(unknown))}; there are: {', '.join(t.name for t in TARGETS)}")
    return [t for t in TARGETS if not names or t.name in names]
