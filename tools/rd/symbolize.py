# SPDX-License-Identifier: Apache-2.0
"""Addresses of EL2 log lines ("el2: #3 0x400000001234") to functions and lines. redoubt.elf is linked where EL2 runs it."""
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

_FRAME = re.compile(r"el2: #(?:\d+|pc|lr) +(0x[0-9a-f]+)")


def lines(log: Iterable[str], elf: Path) -> Iterator[str]:
    """Each line of the log, with what its address stands for below it."""
    log = [line.rstrip("\r\n") for line in log]
    wanted = sorted({m.group(1) for line in log if (m := _FRAME.search(line))})
    meaning = _resolve(wanted, elf) if wanted else {}
    for line in log:
        yield line
        if found := _FRAME.search(line):
            yield from (f"        {part}" for part in meaning.get(found.group(1), []))


def _resolve(addresses: list[str], elf: Path) -> dict[str, list[str]]:
    """A return address stands behind the call: the line of the instruction before it is meant."""
    asked = [hex(int(a, 16) - 4) for a in addresses]
    out = subprocess.run(["llvm-symbolizer-19", f"--obj={elf}", "--demangle", "--inlining", "--basenames", "--pretty-print", *asked],
                         check=True, capture_output=True, text=True).stdout
    blocks = [block.strip().splitlines() for block in out.strip("\n").split("\n\n")]
    if len(blocks) != len(addresses):  # pretty print separates answers by blank lines only in some versions
        blocks = [[line] for line in out.strip().splitlines()]
    return dict(zip(addresses, blocks))
