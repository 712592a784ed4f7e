# SPDX-License-Identifier: Apache-2.0
"""How big the hypervisor is: machine code, memory, stack, and the source lines of everything linked into it."""
import re
from pathlib import Path

from checks import tree
from checks.elf_gates import worst_stack
from checks.elf_image import Image
from rd import arrows, paths, proc
from rd.log import RdError


def report(folder: Path, elf_name: str) -> dict[str, int | dict[str, int]]:
    """Figures of one linked image of a CMake build folder."""
    elf = folder / elf_name
    image = Image(elf)
    by_room: dict[str, int] = {}
    for name in sorted(linked_sources(folder, elf_name)):
        room = arrows.room_of(name) or "other"
        by_room[room] = by_room.get(room, 0) + source_lines(paths.ROOT / name)
    depth, _ = worst_stack(image)
    sections = re.findall(r"^(\.\S+)\s+(\d+)\s", proc.capture(["llvm-size-19", "-A", elf]), re.M)
    return {"text bytes": image.text_bytes(), "  boot only": len(image.boot_text()), "  resident": image.resident_text_bytes(),
            "functions": len(image.functions), "worst stack bytes": depth,
            "memory bytes": sum(int(size) for name, size in sections if not name.startswith((".debug", ".comment"))),
            "source lines": sum(by_room.values()), "by room": by_room}


def linked_sources(folder: Path, elf_name: str) -> set[str]:
    """Files of our tree that the objects of an image were compiled from, headers included."""
    inputs = proc.capture(["ninja", "-C", folder, "-t", "inputs", elf_name]).splitlines()
    taken = linked_objects(folder / Path(elf_name).with_suffix(".map"))
    objects = [line for line in inputs if line.endswith((".o", ".obj")) and taken & {line, member(line)}]
    deps = proc.capture(["ninja", "-C", folder, "-t", "deps", *objects])
    found = set()
    for name in {line.strip() for line in deps.splitlines() if line.startswith("    ")}:
        real = (folder / name).resolve()
        if real.is_relative_to(paths.ROOT) and not real.is_relative_to(paths.BUILD):
            found.add(str(real.relative_to(paths.ROOT)))
    return found


def linked_objects(link_map: Path) -> set[str]:
    """What the linker took: objects by path, members of archives as "room/librd_room.a(file.cpp.obj)"."""
    found = set(re.findall(r"(\S+\.o(?:bj)?\)?):\(", link_map.read_text()))
    if not found:
        raise RdError(f"{paths.shown(link_map)} names no object")
    return found


def member(path: str) -> str:
    """How a link map names the object that CMake makes at `path` if it is in a library."""
    room, _, rest = path.partition("/CMakeFiles/")
    target, _, name = rest.partition(".dir/")
    return f"{room}/lib{target}.a({name.rpartition('/')[2]})"


def source_lines(path: Path) -> int:
    """Lines that are neither blank nor comment."""
    return sum(1 for line in tree.bare(path.read_text(errors="replace")).splitlines() if line.strip())
