# SPDX-License-Identifier: Apache-2.0
"""Includes follow the arrows between rooms, and freestanding rooms use only the listed standard headers.

The build enforces the arrows by its include paths up to what permitted headers include themselves; this looks at each
#include line. Unit tests and what only they include are held by the build alone."""
import re
from pathlib import Path

from checks import tree
from rd import arrows

NAME = "arrows between rooms"
FREESTANDING = ("base", "core", "vgic", "arch/arm64_defs", "arch/arm64/common", "arch/arm64/el2", "hyp", "hyp/fdt", "crypto",
                "firmware", "guest", "kvm", "abi", "proofs/spec",
                "proofs/oracle")
KERNEL_ABI = {"linux/types.h", "linux/ioctl.h", "sys/ioctl.h"}   # what the C headers of abi/ need of Linux
_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def problems(root: Path) -> list[str]:
    table = arrows.table(root)
    allowed = set((root / "tools/checks/allow/std_headers.txt").read_text().split("\n"))
    tests, found = tree.test_files(root), []
    for name in (*tree.cxx_files(root), *(n for n in tree.files(root) if n.endswith((".S", ".def")))):
        room = arrows.room_of(name, root)
        if room is None or "*" in table[room] or name in tests:
            continue
        for quoted, angled in _INCLUDE.findall((root / name).read_text(errors="replace")):
            target = arrows.room_of(quoted, root) if quoted else None
            if quoted and target is None and room != "module":
                found.append(f"{name}: \"{quoted}\" is not written from the root of the tree")
            elif target and target != room and target not in table[room]:
                found.append(f"{name}: {room} may not include {quoted} (cmake/arrows.txt)")
            elif angled and room in FREESTANDING and angled not in allowed | (KERNEL_ABI if room == "abi" else set()):
                found.append(f"{name}: <{angled}> is not among the allowed standard headers")
    return found
