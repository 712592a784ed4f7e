# SPDX-License-Identifier: Apache-2.0
"""The sequences of barriers, TLB and cache maintenance that a function of the linked image can execute.

A sequence belongs to one way through the function from its first instruction to a return (or, if it never returns, to its
last loop). A loop is gone round at most once more; equal cache or TLB operations in a row count once. Writes of the registers that
say which tables are walked are in it, and calls of functions that have a sequence themselves, by name. Ways that end in a
panic do not count."""
import re

from checks.elf_image import Function, Image, Instruction

ORDERING = frozenset({"dsb", "dmb", "isb", "tlbi", "ic", "dc"})
LOCKING = re.compile(r"(?:ldaxr|stlxr|ldxr|stxr|ldar|stlr|ldapr|swpa?l?|casa?l?)[bh]?$")
TABLES = frozenset({"VTTBR_EL2", "VTCR_EL2", "TCR_EL1", "SCTLR_EL1", "TTBR0_EL2"})   # MSR to these
_REPEATED = ("dc ", "ic ", "tlbi ")
_JUMP = re.compile(r"(?:b|b\.\w+|cbn?z|tbn?z)$")
_ENDS = {"ret", "eret", "br", "retaa", "retab"}
_AGAIN = 1   # how often a loop may go round

Sequence = tuple[str, ...]


def shorter(steps: Sequence, locking: bool) -> Sequence:
    """Without the first round of a loop that is done again: of maintenance, or of a lock that is waited for."""
    if locking and steps[0].startswith("ld") and steps[0].endswith("xr") and steps[:2] == steps[2:4]:
        return steps[2:]
    return steps[1:] if steps[:1] == steps[1:2] and steps[0].startswith("ld" if locking else _REPEATED) else steps


class Paths:
    def __init__(self, image: Image):
        self._functions = image.functions
        self._ordered: dict[int, bool] = {}
        self._returns: dict[int, bool] = {}

    def of(self, function: Function, locking: bool = False) -> set[Sequence]:
        """All sequences that are not empty."""
        at = {ins.address: index for index, ins in enumerate(function.code)}
        known: dict[tuple[int, int], set[Sequence]] = {}

        def walk(index: int, again: int) -> set[Sequence]:
            if (index, again) not in known:
                known[index, again] = set()
                known[index, again] = step(index, again)
            return known[index, again]

        def step(index: int, again: int) -> set[Sequence]:
            if index >= len(function.code):
                return set()
            ins = function.code[index]
            own = self._token(ins, function, locking)
            if own is None:
                return set()
            rest: set[Sequence] = set()
            for target in self._next(ins, index, at):
                if target is None:
                    rest.add(())
                elif target > index or again < _AGAIN:
                    rest |= walk(target, again + (target <= index))
                elif not self._returning(function):
                    rest.add(())
            return {shorter((own, *each), locking) if own else each for each in rest}

        return {each for each in walk(0, 0) if each}

    def _next(self, ins: Instruction, index: int, at: dict[int, int]) -> list[int | None]:
        """Indices of what may come next; None: the function is left."""
        if ins.mnemonic in _ENDS:
            return [None]
        if not _JUMP.match(ins.mnemonic):
            return [index + 1]
        there = at.get(ins.target() or 0)
        return [there] if ins.mnemonic == "b" else [index + 1, there]

    def _token(self, ins: Instruction, function: Function, locking: bool) -> str | None:
        """What stands in the sequence: nothing, an instruction, a call; None if there is no way on."""
        if locking and LOCKING.match(ins.mnemonic):
            return ins.mnemonic
        first = ins.operands.split(",")[0].strip()
        if not locking and (ins.mnemonic in ORDERING or ins.mnemonic == "msr" and first in TABLES):
            return f"{ins.mnemonic} {first.lower()}".rstrip()
        calls = ins.mnemonic == "bl" or ins.mnemonic == "b" and (ins.target() or 0) in self._functions
        callee = self._functions.get(ins.target() or 0) if calls else None
        if callee is None or callee is function:
            return ""
        if not self._returning(callee):
            return None
        return f"call {callee.name}" if not locking and self.ordering(callee) else ""

    def ordering(self, function: Function) -> bool:
        """Does it have a barrier, or cache or TLB maintenance, itself?"""
        if function.address not in self._ordered:
            self._ordered[function.address] = any(ins.mnemonic in ORDERING for ins in function.code)
        return self._ordered[function.address]

    def _returning(self, function: Function) -> bool:
        """Does it have an instruction that leaves it?"""
        if function.address not in self._returns:
            tails = (i.target() for i in function.code if i.mnemonic == "b")
            self._returns[function.address] = any(i.mnemonic in _ENDS for i in function.code) or any(
                t in self._functions and t != function.address for t in tails)
        return self._returns[function.address]
