# SPDX-License-Identifier: Apache-2.0
"""Every source file says its licence, and it is the licence of its room."""
from pathlib import Path

from checks import tree

NAME = "licence lines"

LICENCES = {"base": "GPL-2.0-only OR Apache-2.0", "abi": "GPL-2.0-only OR Apache-2.0", "vgic": "GPL-2.0-only OR Apache-2.0",
            "kvm": "GPL-2.0-only OR Apache-2.0", "arch/arm64_defs": "GPL-2.0-only OR Apache-2.0", "module": "GPL-2.0-only"}
REST = "Apache-2.0"
SUFFIXES = (*tree.CXX_SUFFIXES, ".S", ".py", ".sh", ".cmake", ".ld", ".lds", ".def", ".txt", ".inc", ".dts", ".litmus", ".pml")
NAMES = ("rd", "run", "Kbuild", ".clang-format", ".clang-tidy")
MARK = "SPDX-License-Identifier:"


def problems(root: Path) -> list[str]:
    found = []
    for name in tree.files(root):
        path = root / name
        if not (name.endswith(SUFFIXES) or path.name in NAMES) or "/testdata/" in name or name.startswith("LICENSES/"):
            continue
        lines = [line for line in path.read_text(errors="replace").splitlines()[:3] if MARK in line]
        expected = next((v for k, v in LICENCES.items() if name.startswith(k + "/")), REST)
        said = lines[0].partition(MARK)[2].replace("*/", "").replace("*)", "").strip() if lines else "nothing"
        if said != expected:
            found.append(f"{name}: licence line says {said}, must say {expected}")
    return found
