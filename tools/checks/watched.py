# SPDX-License-Identifier: Apache-2.0
"""The image for debugging judges every call of core that hyp makes, and the shipped one has nothing of it."""
import re
from pathlib import Path

from checks import tree
from checks.elf_image import Image

NAME = "every call of core is watched"
_CALL = re.compile(r"\bcore::(\w+)\(\*core\b")
_OVERLOAD = re.compile(r"\bauto (\w+)\(WatchedCore& core\b")
# Changes nothing and answers nothing that PageDb does not say.
UNWATCHED = {"host_mapped"}
_ORACLE = re.compile(r"oracle|Watched|7redoubt4spec")


def problems(root: Path) -> list[str]:
    watched = set(_OVERLOAD.findall((root / "hyp/oracle/watched_calls.hpp").read_text())) | UNWATCHED
    found = []
    for name in tree.cxx_files(root):
        if name.startswith("hyp/") and not name.startswith("hyp/oracle/"):
            missing = set(_CALL.findall((root / name).read_text())) - watched
            found += [f"{name}: core::{each} has no overload in hyp/oracle/watched_calls.hpp" for each in sorted(missing)]
    return found


def left_in(image: Image) -> list[str]:
    """What the shipped image has of the oracle."""
    return [f"{each.name} is the oracle's" for each in image.functions.values() if _ORACLE.search(each.name)]
