# SPDX-License-Identifier: Apache-2.0
"""Mutants of core/ and of the specification: small changes of the source, each under a number (rd/planted.py switches one on).

Three kinds: a condition is negated, a statement is left out, an error number is another one. They are found in the text,
so a mutant may not compile; the caller drops it."""
import re
from dataclasses import dataclass
from pathlib import Path

from checks import tree
from rd import paths

ERRORS = {"Error::INVALID": "Error::PERM", "Error::PERM": "Error::INVALID", "Error::NOT_FOUND": "Error::DEAD", "Error::DEAD": "Error::NOT_FOUND",
          "Error::NO_MEMORY": "Error::BUSY", "Error::BUSY": "Error::NO_MEMORY", "Error::EXISTS": "Error::PERM", "Error::FROZEN": "Error::PERM",
          "RD_E_INVALID": "RD_E_PERM", "RD_E_PERM": "RD_E_INVALID", "RD_E_NOT_FOUND": "RD_E_DEAD", "RD_E_DEAD": "RD_E_NOT_FOUND",
          "RD_E_NO_MEMORY": "RD_E_BUSY", "RD_E_BUSY": "RD_E_NO_MEMORY", "RD_E_EXISTS": "RD_E_PERM", "RD_E_FROZEN": "RD_E_PERM"}
_ERROR = re.compile(r"(?<=[{ ])(" + "|".join(ERRORS) + r")(?=[}; ,])")
_CONDITION = re.compile(r"\b(?:if|while) (\()")
_STATEMENT = re.compile(r"^ +((?:\+\+|--)[\w.>\-\[\]]+|[\w.>\-\[\]()]+ (?:=|\+=|-=|\|=|&=) [^;{}]+|[\w.:>\-]+\([^;{}]*\));$", re.M)
_WORDS = ("return", "const", "auto", "using", "constexpr", "static_assert", "for", "case", "RD_TRY")


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    begin: int      # of what is replaced, in the file
    end: int
    new: str        # with HERE for "this one is on"
    what: str


def files() -> list[str]:
    """Sources under mutation: what of core/ runs at EL2, and the specification."""
    tests = tree.test_files(paths.ROOT)
    return [n for n in tree.files(paths.ROOT) if n.startswith(("core/", "proofs/spec/")) and n.endswith(".hpp") and n not in tests
            and "/testing/" not in n and not n.endswith(("invariants.hpp", "invariant_tally.hpp", "host_builder.hpp")) and "/smmu/" not in n]


def of(file: str) -> list[Mutant]:
    text = (paths.ROOT / file).read_text()
    bare = tree.bare(text)
    found = [_mutant(file, bare, m.start(1), m.end(1), f"(HERE ? {ERRORS[m.group(1)]} : {m.group(1)})", f"{m.group(1)} becomes {ERRORS[m.group(1)]}")
             for m in _ERROR.finditer(bare)]
    found += [_mutant(file, bare, b, e, f"(HERE != static_cast<bool>({bare[b:e]}))", f"negated: {bare[b:e]}") for b, e in _conditions(bare)]
    for m in _STATEMENT.finditer(bare):
        if not m.group(1).startswith(_WORDS):
            found.append(_mutant(file, bare, m.start(1), m.end(1) + 1, f"if (!HERE) {{ {m.group(1)}; }}", f"left out: {m.group(1)}"))
    return sorted(found, key=lambda m: (m.begin, m.end))


def planted(file: str, mutants: dict[int, Mutant]) -> str:
    """The file with these mutants in it, by number. One that lies within another is left to another build: none is lost."""
    text = (paths.ROOT / file).read_text()
    for number, mutant in sorted(mutants.items(), key=lambda row: -row[1].begin):
        text = text[:mutant.begin] + mutant.new.replace("HERE", f"::rd_mutant({number})") + text[mutant.end:]
    return text


def apart(mutants: list[Mutant]) -> list[Mutant]:
    """Without those that overlap an earlier one."""
    kept: list[Mutant] = []
    for each in mutants:
        if not kept or kept[-1].file != each.file or kept[-1].end <= each.begin:
            kept.append(each)
    return kept


def _mutant(file: str, bare: str, begin: int, end: int, new: str, what: str) -> Mutant:
    return Mutant(file, bare.count("\n", 0, begin) + 1, begin, end, new, " ".join(what.split()))


def _conditions(bare: str):
    for m in _CONDITION.finditer(bare):
        depth, at = 0, m.start(1)
        for at in range(m.start(1), len(bare)):
            depth += {"(": 1, ")": -1}.get(bare[at], 0)
            if depth == 0:
                break
        inner = bare[m.end(1):at]
        if ";" not in inner and "auto" not in inner and "const " not in inner:
            yield m.end(1), at
