# SPDX-License-Identifier: Apache-2.0
"""core/ and vgic/ stay pure: nothing the prover cannot follow. Recursion, calls and casts are judged on the bitcode and the ELF."""
import re
from pathlib import Path

from checks import tree

NAME = "core and vgic are pure"
ROOMS = ("core/", "vgic/")
BANNED = {
    r"\basm\b|__asm": "inline assembly",
    r"\bvolatile\b": "volatile",
    r"\breinterpret_cast\b": "a cast between pointers and integers",
    r"\bnew\b|\bdelete\b(?!\s*;)": "the heap",
    r"\bvirtual\b": "virtual functions",
    r"\bstd::function\b": "std::function",
    r"\bthread_local\b": "thread-local data",
    r"\bgoto\b": "goto",
    r"\bfloat\b|\bdouble\b": "floating point",
    r"\bfor\s*\(\s*;\s*;|\bwhile\s*\(\s*(?:true|1)\s*\)": "a loop without a bound",
}


def problems(root: Path) -> list[str]:
    found = []
    for name in tree.cxx_files(root):
        if not name.startswith(ROOMS) or name in tree.test_files(root):
            continue
        text = tree.bare((root / name).read_text(errors="replace"))
        text = re.sub(r"=\s*delete\b", "", re.sub(r"#\s*include[^\n]*", "", text))
        for pattern, what in BANNED.items():
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {what} is banned here")
    return found
