# SPDX-License-Identifier: Apache-2.0
"""How big the hypervisor is: machine code, memory, stack, and the source lines of everything linked into it."""
import re
from pathlib import Path

from checks import tree
from checks.elf_gates import worst_stack
from checks.elf_image import Image
from rd import arrows, paths, proc


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
    objects = [line for line in inputs if line.endswith((".o", ".obj"))]
    names = {line for line in inputs if line.endswith((".cpp", ".S", ".c"))}
    deps = proc.capture(["ninja", "-C", folder, "-t", "deps", *objects]) if objects else ""
    names |= {line.strip() for line in deps.splitlines() if line.startswith("    ")}
    found = set()
    for name in names:
        real = (folder / name).resolve()
        if real.is_relative_to(paths.ROOT) and not real.is_relative_to(paths.BUILD):
            found.add(str(real.relative_to(paths.ROOT)))
    return found


def source_lines(path: Path) -> int:
    """Lines that are neither blank nor comment."""
    return sum(1 for line in tree.bare(path.read_text(errors="replace")).splitlines() if line.strip())
