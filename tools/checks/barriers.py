# SPDX-License-Identifier: Apache-2.0
"""The barriers in the machine code are those of the litmus files, or of the list of what no litmus test can express.

Every function that has a barrier, TLB or cache maintenance must be claimed, with exactly the sequences it can execute."""
import re
from pathlib import Path

from checks import litmus_file
from checks.barrier_paths import LOCKING, Paths, Sequence
from checks.elf_image import Image

FOLDER = Path("proofs/litmus")
LIST = FOLDER / "not_modelled.txt"
_ANY = "..."


def results(elf: Path, root: Path) -> list[tuple[str, list[str]]]:
    return [("ELF: barriers are those of the litmus files", problems(Image(elf), root))]


def problems(image: Image, root: Path) -> list[str]:
    tests = [litmus_file.read(path) for path in sorted((root / FOLDER).glob("*.litmus"))]
    found = [each for test in tests for each in _columns(test)] + [f"{LIST}: {each}" for each in _reasons(root / LIST)]
    claims: dict[tuple[str, bool], set[Sequence]] = {}
    for function, steps in [claim for test in tests for claim in test.code] + listed(root / LIST):
        claims.setdefault((function, any(LOCKING.match(step) for step in steps)), set()).add(steps)
    paths, by_name = Paths(image), {}
    for function in image.functions.values():
        by_name.setdefault(function.name, []).append(function)
    for (name, locking), said in claims.items():
        done = {each for function in by_name.get(name, []) for each in paths.of(function, locking)}
        found += [f"{name} does not execute: {'; '.join(each)}" for each in sorted(said) if not any(matches(each, d) for d in done)]
        found += [f"{name} executes what nobody claims: {'; '.join(d)}" for d in sorted(done) if not any(matches(each, d) for each in said)]
    for name, functions in by_name.items():
        if (name, False) not in claims and any(paths.ordering(f) and paths.of(f) for f in functions):
            found.append(f"{name} has barriers and is neither in a litmus file nor in {LIST}")
    return found


def matches(claimed: Sequence, done: Sequence) -> bool:
    """Is it the sequence that is claimed? "..." stands for any steps."""
    pattern = "".join("(?:.*;)?" if step == _ANY else re.escape(step) + ";" for step in claimed)
    return re.fullmatch(pattern, "".join(f"{step};" for step in done)) is not None


def listed(path: Path) -> list[tuple[str, Sequence]]:
    rows = (line.rpartition(": ") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return [(name, litmus_file.sequence(steps)) for name, _, steps in rows]


def _reasons(path: Path) -> list[str]:
    """Each block of the list must begin by saying why."""
    blocks = path.read_text().split("\n\n")
    return [f"no reason is given for: {block.splitlines()[0]}" for block in blocks if block.strip() and not block.lstrip().startswith("# ")]


def _columns(test: litmus_file.Litmus) -> list[str]:
    """The steps of each column of ours are a part of each sequence of its function."""
    found = [] if test.columns else [f"{test.name}: no column is a function of ours"]
    for column, function in test.columns.items():
        steps = test.in_code(column)
        for whole in [each for name, each in test.code if name == function] or [()]:
            flat = _flat(test, whole)
            if not steps or not any(flat[n:n + len(steps)] == steps for n in range(len(flat))):
                found.append(f"{test.name}: {column} is {'; '.join(steps)}, {function} is {'; '.join(flat) or 'not claimed'}")
    return found


def _flat(test: litmus_file.Litmus, steps: Sequence) -> Sequence:
    """Calls of functions that the file describes put in, others left out."""
    own = dict(test.code)
    out: list[str] = []
    for step in steps:
        if step.startswith("call "):
            out += own.get(step[5:], ())
        elif not step.startswith("msr "):
            out.append(step)
    return tuple(out)
