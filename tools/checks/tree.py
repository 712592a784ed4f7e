# SPDX-License-Identifier: Apache-2.0
"""The files under check, and C++ text without its comments and literals."""
import re
import subprocess
from functools import cache
from pathlib import Path

CXX_SUFFIXES = (".cpp", ".hpp", ".h", ".c")


@cache
def files(root: Path) -> tuple[str, ...]:
    """Every file of the tree that git knows or would add, as paths from the root."""
    out = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         check=True, capture_output=True, text=True).stdout
    return tuple(sorted({name for name in out.split("\0") if name and (root / name).is_file()}))


def cxx_files(root: Path) -> list[str]:
    return [name for name in files(root) if name.endswith(CXX_SUFFIXES)]


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def bare(text: str) -> str:
    """C or C++ text with comments and literals replaced by blanks; lines stay where they are."""
    return _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
