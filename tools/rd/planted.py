# SPDX-License-Identifier: Apache-2.0
"""A copy of the tree in which one of several faults can be switched on when a program starts (RD_PLANTED=number).

One build serves all faults. RD_PLANTED is read once; 0 or nothing is the tree as it is."""
import shutil
from pathlib import Path

from checks import tree
from rd import paths
from rd.log import RdError

SWITCH = "planted.hpp"
_HEADER = """// Which fault is on.
#pragma once
#include <cstdlib>
inline const int rd_planted = [] {
  const char* const number = std::getenv("RD_PLANTED");
  return number == nullptr ? 0 : std::atoi(number);
}();
"""


def copy(folder: Path, changed: dict[str, str], more: str = "") -> None:
    """All files of the tree below `folder`, those in `changed` with that text. Files that are the same keep their time.

    `more` goes behind the switch, into what every C++ file sees first."""
    names = tree.files(paths.ROOT)
    for name in names:
        text = changed[name].encode() if name in changed else (paths.ROOT / name).read_bytes()
        _write(folder / name, text)
        shutil.copymode(paths.ROOT / name, folder / name)
    _write(folder / SWITCH, (_HEADER + more).encode())
    for stale in (each for each in folder.rglob("*") if each.is_file() and str(each.relative_to(folder)) not in {*names, SWITCH}):
        stale.unlink()


def flags(folder: Path) -> str:
    """For the C++ compiler."""
    return f"-include {folder / SWITCH}"


def replaced(texts: dict[str, str], file: str, right: str, wrong: str) -> None:
    """Puts `wrong` where `right` stands, once, in `texts` (file -> text, read from the tree when it is not there yet)."""
    text = texts.setdefault(file, (paths.ROOT / file).read_text())
    if text.count(right) != 1:
        raise RdError(f"a fault cannot be planted: {file} does not hold once: {right}")
    texts[file] = text.replace(right, wrong)


def _write(path: Path, data: bytes) -> None:
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
