# SPDX-License-Identifier: Apache-2.0
"""A litmus file of proofs/litmus: the test itself, and what its comments claim about the hypervisor's code.

  (* code FUNCTION: dsb ishst; call G; isb *)   a sequence that this function of redoubt.elf executes (its short name; see
                                                barrier_paths); "..." at either end stands for anything
  (* column P0: FUNCTION *)                     the test's column P0 is this function: its barriers, or its acquires and releases,
                                                are a part of each such sequence, calls of functions with `code` of their own put in
  (* stands DSB ISH: dsb nsh *)                 the tool does not know the instruction of the code, and this one stands for it
  (* stands DSB SY: other *)                    not a step of the function, though in its column
  (* spare N: why *)                            without the Nth step of all columns the model still forbids the outcome
  (* spare N M: why *)                          the same of each of them, but not of all together
"""
import re
from dataclasses import dataclass, field
from pathlib import Path

BARRIERS = re.compile(r"(?:DSB|DMB|ISB|TLBI|IC|DC)\b")
WEAKER = {"LDAR": "LDR", "STLR": "STR", "LDAXR": "LDXR", "STLXR": "STXR"}
_COMMENT = re.compile(r"\(\*\s*(code|column|stands|spare)\s+([^:]*(?:::[^:]*)*?):\s+(.*?)\s*\*\)", re.S)
_ROW = re.compile(r"^(?!.*\(\*)(.*);\s*$")


@dataclass(frozen=True)
class Spare:
    steps: tuple[int, ...]
    why: str


@dataclass
class Litmus:
    name: str
    text: str
    code: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)      # function, sequence
    columns: dict[str, str] = field(default_factory=dict)                       # column, function
    stands: dict[str, str] = field(default_factory=dict)
    spares: list[Spare] = field(default_factory=list)

    def rows(self) -> list[list[str]]:
        """The program: a row of cells for each line, the names of the columns first."""
        body = self.text[self.text.index("}") + 1:]
        lines = [m[1] for line in body.splitlines() if (m := _ROW.match(line))]
        return [[cell.strip() for cell in line.split("|")] for line in lines]

    def steps(self) -> list[tuple[int, int]]:
        """(row, column) of each barrier, maintenance, acquire or release in the columns that are our code."""
        rows = self.rows()
        ours = [index for index, name in enumerate(rows[0]) if name in self.columns]
        return [(r, c) for c in ours for r in range(1, len(rows)) if c < len(rows[r]) and self._step(rows[r][c])]

    def without(self, steps: tuple[int, ...]) -> str:
        """The test without these steps (numbered from 1)."""
        rows, places = self.rows(), self.steps()
        for number in steps:
            row, column = places[number - 1]
            rows[row][column] = weaker(rows[row][column])
        head, tail = self.text[:self.text.index("}") + 1], self.text[self.text.rindex(";") + 1:]
        return head + "\n" + "".join(" " + " | ".join(row) + " ;\n" for row in rows) + tail

    def shown(self, number: int) -> str:
        row, column = self.steps()[number - 1]
        return self.rows()[row][column]

    def in_code(self, column: str) -> tuple[str, ...]:
        """The steps of a column as the code would have them."""
        rows, index = self.rows(), self.rows()[0].index(column)
        cells = [row[index] for row in rows[1:] if index < len(row) and self._step(row[index])]
        return tuple(self.stands.get(cell, _plain(cell)) for cell in cells)

    def _step(self, cell: str) -> bool:
        instruction = cell.rpartition(": ")[2]
        return self.stands.get(cell) != "other" and bool(BARRIERS.match(instruction) or instruction.split(" ")[0] in WEAKER)


def read(path: Path) -> Litmus:
    text = path.read_text()
    made = Litmus(path.stem, text)
    for kind, subject, said in _COMMENT.findall(text):
        said = " ".join(said.split())
        if kind == "code":
            made.code.append((subject, sequence(said)))
        elif kind == "column":
            made.columns[subject] = said
        elif kind == "stands":
            made.stands[subject] = said
        else:
            made.spares.append(Spare(tuple(int(n) for n in subject.split()), said))
    return made


def weaker(cell: str) -> str:
    """The cell without its barrier: nothing, or a plain access."""
    label, _, instruction = cell.rpartition(": ")
    head = instruction.split(" ")[0]
    plain = instruction.replace(head, WEAKER[head], 1) if head in WEAKER else "NOP"
    return f"{label}: {plain}" if label else plain


def _plain(cell: str) -> str:
    instruction = cell.rpartition(": ")[2].lower()
    head, _, rest = instruction.partition(" ")
    return head if head.upper() in WEAKER else f"{head} {rest.split(',')[0].strip()}".strip()


def sequence(text: str) -> tuple[str, ...]:
    return tuple(step.strip() for step in text.split(";") if step.strip())
