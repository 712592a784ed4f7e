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


@cache
def test_files(root: Path) -> frozenset[str]:
    """Sources of unit tests (by name, or listed as TESTS or TEST_SOURCES) and of fuzz targets, and headers that only such files include."""
    names = files(root)
    found = {n for n in names if n.endswith("_test.cpp") or "/testdata/" in n or n.startswith("proofs/fuzz/")}
    for name in (n for n in names if n.endswith("CMakeLists.txt")):
        for listed in re.findall(r"\bTEST(?:S|_SOURCES)\b([^A-Z)]*)", (root / name).read_text()):
            found |= {str(Path(name).parent / each) for each in listed.split()}
    includers: dict[str, set[str]] = {}
    for name in (n for n in names if n.endswith((*CXX_SUFFIXES, ".S"))):
        for target in re.findall(r'^\s*#\s*include\s*"([^"]+)"', (root / name).read_text(errors="replace"), re.M):
            includers.setdefault(target, set()).add(name)
    while more := {header for header, by in includers.items() if header not in found and by <= found}:
        found |= more
    return frozenset(found)


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def bare(text: str) -> str:
    """C or C++ text with comments and literals replaced by blanks; lines stay where they are."""
    return _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
