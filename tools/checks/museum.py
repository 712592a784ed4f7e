# SPDX-License-Identifier: Apache-2.0
"""Every test that docs/bug-museum.md names exists, and every row names one or says why there is none."""
import re
from pathlib import Path

from checks import tree

NAME = "the bug museum's tests exist"
PAGE = "docs/bug-museum.md"
# Numbered rows that must be there: 1 to 53.
LAST = 53
_TOKEN = re.compile(r"(?:(attack|scenario|payload|litmus|model|gate|file) )?`([^`]+)`")


def problems(root: Path) -> list[str]:
    text = (root / PAGE).read_text()
    return problems_of(text, Existing(root))


def problems_of(text: str, existing: "Existing") -> list[str]:
    found, numbers = [], []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("| ") or cells[0].strip() == "#":
            continue
        number, held_by = cells[0].strip(), cells[-1].rstrip("| ")
        numbers.append(number)
        if len(cells) != 4:
            found.append(f"{PAGE}: row {number} has {len(cells)} cells")
        tokens = _TOKEN.findall(held_by)
        if not tokens and held_by not in ("by construction", "open"):
            found.append(f"{PAGE}: row {number} names no test")
        found += [f"{PAGE}: row {number}: there is no {kind or 'unit test'} {name}" for kind, name in tokens
                  if not existing.has(kind, name)]
    missing = [str(n) for n in range(1, LAST + 1) if numbers.count(str(n)) != 1]
    return found + ([f"{PAGE}: rows that are missing or double: {', '.join(missing)}"] if missing else [])


class Existing:
    """What there is, by kind."""

    def __init__(self, root: Path):
        names = tree.files(root)
        sources = {n: (root / n).read_text(errors="replace") for n in names if n.endswith("_test.cpp") or n.startswith(("vmm/attack/", "tools/checks/elf_gates"))}
        cases = {f"{a}.{b}" for text in sources.values() for a, b in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", text)}
        attacks = {each for text in sources.values() for each in re.findall(r'\.name = "([\w-]+)"', text)}
        gates = set(re.findall(r'\("(ELF: [^"]+)"', sources.get("tools/checks/elf_gates.py", "")))
        self._by_kind = {"": cases, "attack": attacks, "gate": gates, "file": set(names),
                         "scenario": _stems(names, r"tests/scenarios/(\w+)\.py"), "payload": _stems(names, r"guest/payloads/(\w+)/.*"),
                         "litmus": _stems(names, r"proofs/litmus/([\w-]+)\.litmus"), "model": _stems(names, r"proofs/spin/(\w+)\.pml")}

    def has(self, kind: str, name: str) -> bool:
        return name in self._by_kind[kind]


def _stems(names: tuple[str, ...], pattern: str) -> set[str]:
    return {match[1] for name in names if (match := re.fullmatch(pattern, name))}
