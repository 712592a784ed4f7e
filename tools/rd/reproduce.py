# SPDX-License-Identifier: Apache-2.0
"""The image built a second time, from a copy of its sources in another folder: both must be the same to the byte."""
from pathlib import Path

from checks import tree
from rd import arrows, build, paths, proc

HOME = paths.BUILD / "reproduced"


def problems(image: Path) -> list[str]:
    """`image` against the second build. (redoubt.elf beside it names the build folder in its debug information.)"""
    source, made = HOME / "source", HOME / "el2"
    with build.lock("reproduced"):
        copy_tree(source)
        rooms = ";".join(arrows.closure("hyp"))
        proc.run(["cmake", "--preset", "el2", "-B", made, f"-DRD_ROOMS={rooms}"], cwd=source, quiet=True, what="configuring the second build")
        proc.run(["cmake", "--build", made, "-j2"], quiet=True, what="building the hypervisor a second time")
    difference = first_difference(image.read_bytes(), (made / image.name).read_bytes())
    return [f"{image.name}: {difference}"] if difference else []


def copy_tree(target: Path) -> None:
    """Only what differs is written: the build tool goes by the times of files."""
    names = set(tree.files(paths.ROOT))
    for name in names:
        ours, copy = paths.ROOT / name, target / name
        if not copy.exists() or copy.read_bytes() != ours.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(ours.read_bytes())
    for old in (p for p in target.rglob("*") if p.is_file() and str(p.relative_to(target)) not in names):
        old.unlink()


def first_difference(one: bytes, other: bytes) -> str:
    """Empty if there is none."""
    if one == other:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"built twice, differs from byte {at:#x} on ({len(one)} and {len(other)} bytes)"
