# SPDX-License-Identifier: Apache-2.0
"""Counting executed instructions: QEMU with tools/bench/instruction_count.c, and the marks left in the machine.

Two kinds of marks: program marks (tests/programs/mark.cpp) around whole runs, payload marks (guest/payloads/bench) around
loops. Addresses tell whose instructions they were; a Linux guest's kernel counts as "kernel", like its host's."""
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rd import paths, proc
from rd.log import RdError

SOURCE = paths.ROOT / "tools/bench/instruction_count.c"
LOOP_BEGIN, LOOP_END, RUN_BEGIN, RUN_END = 100, 101, 102, 103
EL2_IMAGE = (0x4000_0000_0000, 0x4000_0020_0000)
# With nokaslr: modules in the 2 GiB below the kernel. The payload runs untranslated, in the first GiB of a VM's RAM.
FIXED_CLASSES = {"module": (0xffff_8000_0000_0000, 0xffff_8000_8000_0000), "kernel": (0xffff_0000_0000_0000, (1 << 64) - 1),
                 "guest": (0x4000_0000, 0x8000_0000)}
OWN = ("crypto", "el2", "module")   # what Redoubt adds to a kernel


@dataclass(frozen=True)
class Mark:
    hint: int
    counts: dict[str, int]

    def since(self, earlier: "Mark") -> dict[str, int]:
        return {name: count - earlier.counts[name] for name, count in self.counts.items()}


@dataclass(frozen=True)
class Run:
    """What was executed between a program's two marks, and in each loop of a payload meanwhile."""
    counts: dict[str, int]
    loops: tuple[dict[str, int], ...]


def plugin() -> Path:
    """Build the plugin."""
    out = paths.BUILD / "bench" / "instruction_count.so"
    out.parent.mkdir(parents=True, exist_ok=True)
    proc.run(["clang-19", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-o", out, SOURCE],
             what="building the instruction counter")
    return out


def arguments(out: Path, elf: Path | None) -> list[str]:
    """QEMU arguments; `elf` is the hypervisor, if it runs."""
    classes = FIXED_CLASSES if elf is None else {"crypto": crypto_code(elf), "el2": EL2_IMAGE, **FIXED_CLASSES}
    listed = [f"class={name}:{first:x}:{end:x}" for name, (first, end) in classes.items()]
    return ["-plugin", ",".join([str(plugin()), f"out={out}", *listed])]


def crypto_code(elf: Path) -> tuple[int, int]:
    """Addresses of the code of the room crypto in the hypervisor: the linker keeps it in one piece."""
    rows = re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [tTwW] (.*)$", proc.capture(["llvm-nm-19", "-C", "-S", "--defined-only", elf]), re.M)
    code = sorted((int(at, 16), int(at, 16) + int(size, 16), name) for at, size, name in rows)
    own = [(first, end) for first, end, name in code if name.startswith("redoubt::crypto::")]
    if not own:
        raise RdError(f"{elf.name} holds no code of the room crypto")
    first, end = own[0][0], max(e for _, e in own)
    strangers = [name for at, _, name in code if first <= at < end and "redoubt::crypto::" not in name]
    if strangers:
        raise RdError(f"code of other rooms stands in that of the room crypto: {strangers[0]}")
    return first, end


def marks(out: Path) -> list[Mark]:
    head, *lines = out.read_text().splitlines()
    names = head.split()[1:]
    found = []
    for line in lines:
        _, hint, *counts = line.split()
        found.append(Mark(int(hint), dict(zip(names, map(int, counts), strict=True))))
    return found


def boot(out: Path) -> int:
    """Instructions from power-on to the first one of /init, which is the program `mark`."""
    first, *_ = marks(out) or [None]
    if first is None or first.hint != RUN_BEGIN:
        raise RdError(f"/init left no mark in {out}")
    return sum(first.counts.values())


def runs(out: Path) -> Iterator[Run]:
    """The runs of a machine in their order. A guest whose /init is `mark` leaves a begin inside of a run."""
    begin, loops, open_loop = None, [], None
    for mark in marks(out):
        if mark.hint == RUN_BEGIN and begin is None:
            begin, loops = mark, []
        elif mark.hint == LOOP_BEGIN:
            open_loop = mark
        elif mark.hint == LOOP_END and open_loop is not None:
            loops.append(mark.since(open_loop))
            open_loop = None
        elif mark.hint == RUN_END and begin is not None:
            yield Run(mark.since(begin), tuple(loops))
            begin = None
    if begin is not None:
        raise RdError(f"a run did not end in {out}")


def own(counts: dict[str, int]) -> int:
    return sum(counts.get(name, 0) for name in OWN)
