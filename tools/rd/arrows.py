# SPDX-License-Identifier: Apache-2.0
"""The rooms and which may include which, from cmake/arrows.txt."""
from functools import cache
from pathlib import Path

from rd import paths


@cache
def table(root: Path = paths.ROOT) -> dict[str, tuple[str, ...]]:
    """Room -> rooms it may include ("*" means all)."""
    rows = (line.partition(":") for line in (root / "cmake/arrows.txt").read_text().splitlines() if line and line[0] != "#")
    return {room: tuple(rest.split()) for room, _, rest in rows}


def room_of(path: str, root: Path = paths.ROOT) -> str | None:
    """The room a file (path from the root of the tree) belongs to: the longest room name that is a folder of it."""
    found = [room for room in table(root) if path.startswith(room + "/")]
    return max(found, key=len, default=None)


def closure(room: str) -> list[str]:
    """The room and everything its headers may pull in; test rooms see all."""
    known, todo, seen = table(), [room_of(room + "/") or room], []
    while todo:
        each = todo.pop(0)
        if each not in seen:
            seen.append(each)
            allowed = known.get(each, ())
            todo += known if "*" in allowed else allowed
    order = list(known)
    return sorted(seen, key=lambda r: order.index(r) if r in order else len(order))
