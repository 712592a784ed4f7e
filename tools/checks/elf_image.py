# SPDX-License-Identifier: Apache-2.0
"""A linked arm64 image as data: segments, symbols, functions and their instructions."""
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_FUNCTION = re.compile(r"^([0-9a-f]{8,}) <(.+)>:$")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:[0-9a-f]{2} )*\t?([a-z][\w.]*)(?:\s+(.*))?$")
_DIRECT = re.compile(r"0x([0-9a-f]+)")


@dataclass(frozen=True)
class Instruction:
    address: int
    mnemonic: str
    operands: str     # without the <symbol> notes of the disassembler

    def target(self) -> int | None:
        """Where a direct branch goes."""
        found = _DIRECT.findall(self.operands)
        return int(found[-1], 16) if found else None

    def target_of_branch(self) -> int | None:
        """target(), of a branch or call only."""
        return self.target() if self.mnemonic in ("b", "bl") or self.mnemonic.startswith(("b.", "cb", "tb")) else None


@dataclass
class Function:
    name: str
    address: int
    code: list[Instruction] = field(default_factory=list)
    calls: set[int] = field(default_factory=set)   # start addresses of functions called or tail-called
    stack: int = 0                                 # bytes its own frame takes, at most


class Image:
    def __init__(self, elf: Path):
        self.elf = elf
        self.functions = _functions(_tool("llvm-objdump-19", "-d", "--no-show-raw-insn", "-C", elf))
        for function in self.functions.values():
            _analyse(function, self.functions)

    def segments(self) -> list[str]:
        """Flags of each loadable segment, as "R", "RW", "R E"."""
        rows = re.findall(r"^\s*LOAD\s+(?:0x\S+\s+){5}([RWE ]+?)\s+0x", _tool("llvm-readelf-19", "-lW", self.elf), re.M)
        return [row.strip() for row in rows]

    def undefined(self) -> list[str]:
        return _tool("llvm-nm-19", "-u", "-C", self.elf).split()

    def text_bytes(self) -> int:
        """Size of the executable sections."""
        return sum(size for _, _, size in self._text_sections())

    def boot_text(self) -> range:
        """Addresses of the code that only the boot runs."""
        return next((range(at, at + size) for name, at, size in self._text_sections() if name == ".boot.text"), range(0))

    def resident_text_bytes(self) -> int:
        """Size of the code that may still run when the host does."""
        return self.text_bytes() - len(self.boot_text())

    def _text_sections(self) -> list[tuple[str, int, int]]:
        """(name, address, size) of each executable section."""
        rows = re.findall(r"^\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+\s+\w*X\w*",
                          _tool("llvm-readelf-19", "-SW", self.elf), re.M)
        return [(name, int(at, 16), int(size, 16)) for name, at, size in rows]


def short_name(demangled: str) -> str:
    """A function's name without parameters, template arguments and result."""
    name = demangled.replace("(anonymous namespace)", "{anonymous}")
    while (plain := re.sub(r"<[^<>]*>", "", name)) != name:
        name = plain
    name = re.sub(r"\(.*", "", name) or name
    return name.split()[-1] if name.split() else demangled


def _tool(*argv) -> str:
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True).stdout


def _functions(listing: str) -> dict[int, Function]:
    found: dict[int, Function] = {}
    current = None
    for line in listing.splitlines():
        if head := _FUNCTION.match(line):
            address = int(head.group(1), 16)
            current = found.setdefault(address, Function(short_name(head.group(2)), address))
        elif current and (row := _INSTRUCTION.match(line)):
            operands = re.sub(r"\s*(<.*>|//.*)$", "", row.group(3) or "")
            current.code.append(Instruction(int(row.group(1), 16), row.group(2), operands))
    return found


def _analyse(function: Function, functions: dict[int, Function]) -> None:
    for ins in function.code:
        target = ins.target_of_branch()
        if target is not None and (ins.mnemonic == "bl" or target in functions and target != function.address):
            function.calls.add(target)
        function.stack += _taken(ins)


def _taken(ins: Instruction) -> int:
    """Bytes by which an instruction moves the stack pointer down."""
    if ins.mnemonic == "sub" and (moved := re.match(r"sp, sp, #(0x[0-9a-f]+|\d+)(?:, lsl #(\d+))?$", ins.operands)):
        return int(moved.group(1), 0) << int(moved.group(2) or 0)
    if pushed := re.search(r"\[sp, #-(0x[0-9a-f]+|\d+)\]!$", ins.operands):
        return int(pushed.group(1), 0)
    return 0
