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
    lines = {name: source_lines(paths.ROOT / name) for name in sorted(linked_sources(folder, elf_name))}
    for name, count in lines.items():
        room = arrows.room_of(name) or "other"
        by_room[room] = by_room.get(room, 0) + count
    resident = sum(lines[name] for name in linked_sources(folder, elf_name, resident=True))
    depth, _ = worst_stack(image)
    sections = re.findall(r"^(\.\S+)\s+(\d+)\s", proc.capture(["llvm-size-19", "-A", elf]), re.M)
    return {"text bytes": image.text_bytes(), "  boot only": len(image.boot_text()), "  resident": image.resident_text_bytes(),
            "functions": len(image.functions), "worst stack bytes": depth,
            "memory bytes": sum(int(size) for name, size in sections if not name.startswith((".debug", ".comment"))),
            "source lines": sum(lines.values()), "  resident source lines": resident, "by room": by_room}


def linked_sources(folder: Path, elf_name: str, resident: bool = False) -> set[str]:
    """Files of our tree that the objects of an image were compiled from, headers included; `resident`: without those that only objects
    whose code all goes away after the boot were compiled from."""
    inputs = proc.capture(["ninja", "-C", folder, "-t", "inputs", elf_name]).splitlines()
    by_section = linked_objects(folder / Path(elf_name).with_suffix(".map"))
    taken = set().union(*by_section.values())
    if resident:
        taken -= by_section.get(".boot.text", set()) - by_section[".text"]
    objects = [line for line in inputs if line.endswith((".o", ".obj")) and taken & {line, member(line)}]
    deps = proc.capture(["ninja", "-C", folder, "-t", "deps", *objects])
    found = set()
    for name in {line.strip() for line in deps.splitlines() if line.startswith("    ")}:
        real = (folder / name).resolve()
        if real.is_relative_to(paths.ROOT) and not real.is_relative_to(paths.BUILD):
            found.add(str(real.relative_to(paths.ROOT)))
    return found


def linked_objects(link_map: Path) -> dict[str, set[str]]:
    """What the linker took, by section of the image: objects by path, members of archives as "room/librd_room.a(file.cpp.obj)"."""
    found: dict[str, set[str]] = {}
    section = ""
    for line in link_map.read_text().splitlines():
        if row := re.match(r"(?: *[0-9a-f]+){3} +\d+ (\.\S+)$", line):
            section = row[1]
        elif row := re.match(r"(?: *[0-9a-f]+){3} +\d+ {9}(\S+\.o(?:bj)?\)?):\(", line):
            found.setdefault(section, set()).add(row[1])
    if ".text" not in found:
        raise RdError(f"{paths.shown(link_map)} names no object with code")
    return found


def member(path: str) -> str:
    """How a link map names the object that CMake makes at `path` if it is in a library."""
    room, _, rest = path.partition("/CMakeFiles/")
    target, _, name = rest.partition(".dir/")
    return f"{room}/lib{target}.a({name.rpartition('/')[2]})"


def source_lines(path: Path) -> int:
    """Lines that are neither blank nor comment."""
    return sum(1 for line in tree.bare(path.read_text(errors="replace")).splitlines() if line.strip())
