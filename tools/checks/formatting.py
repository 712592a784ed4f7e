# SPDX-License-Identifier: Apache-2.0
"""C++ looks as .clang-format says (the C of abi/ and module/ keeps the kernel style); ./rd format makes it so."""
import re
import subprocess
from pathlib import Path

from checks import tree

NAME = "formatting"


def problems(root: Path) -> list[str]:
    names = formatted(root)
    if not names:
        return []
    out = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *names], cwd=root, capture_output=True, text=True).stderr
    bad = sorted({m.group(1) for m in re.finditer(r"^(\S+?):\d+:\d+: error:", out, re.M)})
    return [f"{name}: not formatted (run ./rd format)" for name in bad]


def formatted(root: Path) -> list[str]:
    return [name for name in tree.cxx_files(root) if name.endswith((".cpp", ".hpp")) and "/testdata/" not in name]


def reformat(root: Path) -> None:
    names = formatted(root)
    if names:
        subprocess.run(["clang-format-19", "-i", *names], cwd=root, check=True)
