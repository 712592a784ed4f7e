# SPDX-License-Identifier: Apache-2.0
"""Reads what abi/ holds: tables of macros, constants, enums and plain structures. Not a C parser: the headers of abi/ keep
to one declaration a line, and what is not understood is an error, so that nothing drops out of the page silently."""
import re
from dataclasses import dataclass, field
from pathlib import Path

_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ROW = re.compile(r'\(\s*(-?\w+)\s*,\s*(\w+)\s*,\s*(\d+)\s*,((?:\s*"(?:[^"\\]|\\.)*"\s*,?)+)\)')
_ENUM = re.compile(r"^enum (\w+) \{(.*?)\};", re.M | re.S)
_STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\};", re.M | re.S)
_DEFINE = re.compile(r"^#define (\w+(?:\([^)]*\))?) (.+?)(?:[ \t]*/\* (.*?) \*/)?$")
_VALUE = re.compile(r"^\s*(\w+) = (\w+),?\s*(?:/\* (.*?) \*/)?$")
_FIELD = re.compile(r"^\s*(struct \w+|\w+) (\w+)(?:\[(\w+)\])?;\s*(?:/\* (.*?) \*/)?$")
_SIZES = {"rd_u32": 4, "rd_u64": 8}


@dataclass
class Call:
    number: int
    name: str
    arguments: str
    results: str
    text: str


@dataclass
class Constant:
    name: str
    value: str
    text: str


@dataclass
class Field:
    offset: int
    type: str
    name: str
    text: str


@dataclass
class Structure:
    name: str
    bytes: int = 0
    align: int = 1
    fields: list[Field] = field(default_factory=list)


@dataclass
class Group:
    """Constants that stand together, and the comment above them."""
    text: str
    constants: list[Constant] = field(default_factory=list)


def head_comment(text: str) -> str:
    """The block comment after the licence line, as paragraphs."""
    found = re.search(r"\A/\* SPDX.*?\*/\n(/\*.*?\*/)", text, re.S)
    return _plain(found.group(1)) if found else ""


def calls(text: str) -> list[Call]:
    found = []
    for line_start in re.finditer(r"^RD_CALL", text, re.M):
        row = _row_at(text, line_start.end())
        arguments, results, what = _columns(row.group(4), 3)
        found.append(Call(int(row.group(1), 0), row.group(2), arguments, results, what))
    return found


def errors(text: str) -> list[Constant]:
    return [Constant(m.group(1), m.group(2), m.group(3))
            for m in re.finditer(r'X\((\w+), (-\d+), "([^"]*)"\)', text)]


def constants(text: str) -> list[Constant]:
    return [constant for group in groups(text) for constant in group.constants]


def groups(text: str) -> list[Group]:
    """Runs of #define lines with a value. The include guard and the macros of the tables are none."""
    found, comment, last_line = [], "", -1
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("/*"):
            comment = _plain("\n".join(lines[number:]).partition("*/")[0] + "*/")
        row = _DEFINE.match(line)
        if row and not row.group(1).startswith(("RD_CALL", "RD_ERROR")):
            if number != last_line + 1:
                found.append(Group(comment if _comment_above(lines, number) else ""))
            found[-1].constants.append(Constant(row.group(1), row.group(2).strip(), row.group(3) or ""))
            last_line = number
    return found


def enums(text: str) -> dict[str, list[Constant]]:
    found = {}
    for name, body in _ENUM.findall(text):
        lines = body.split(",\n") if "\n" in body else body.split(", ")
        rows = [line for part in lines for line in part.split("\n") if line.strip()] if "\n" in body else lines
        if any(row.lstrip().startswith("#") for row in rows):
            continue  # made from the table of calls
        found[name] = [_enumerator(name, row) for row in rows]
    return found


def structures(text: str, numbers: dict[str, int]) -> dict[str, Structure]:
    """Layout by the C rules for the two scalar types and structures of them, which abi/run.h asserts."""
    found: dict[str, Structure] = {}
    for name, body in _STRUCT.findall(text):
        made = Structure(name)
        for line in body.splitlines():
            _add_field(made, line, numbers, found)
        made.bytes = -(-made.bytes // made.align) * made.align
        found[name] = made
    return found


def number_of(values: list[Constant]) -> dict[str, int]:
    return {c.name: int(c.value.rstrip("u"), 0) for c in values if re.fullmatch(r"(?:0x[0-9a-fA-F]+|\d+)u?", c.value)}


def read(folder: Path, name: str) -> str:
    return (folder / "abi" / name).read_text()


def _plain(comment: str) -> str:
    inner = comment.strip().removeprefix("/*").removesuffix("*/")
    return re.sub(r"^ *\* ?", "", inner, flags=re.M).strip()


def _comment_above(lines: list[str], number: int) -> bool:
    above = lines[number - 1]
    return above.rstrip().endswith("*/") and not above.startswith("#")


def _row_at(text: str, at: int) -> re.Match:
    row = _ROW.match(text, at)
    if row is None:
        raise ValueError(f"hypercall.def: cannot read {text[at:at + 60]!r}")
    return row


def _columns(literals: str, count: int) -> list[str]:
    """C string literals separated by commas; adjacent ones are one."""
    columns, rest = [""], literals
    for piece in re.finditer(r'"(?:[^"\\]|\\.)*"|,', rest):
        if piece.group() == ",":
            columns.append("")
        else:
            columns[-1] += _TEXT.match(piece.group()).group(1)
    if len(columns) != count:
        raise ValueError(f"hypercall.def: {len(columns)} columns of text where {count} are expected: {literals.strip()[:60]}")
    return columns


def _enumerator(enum: str, row: str) -> Constant:
    found = _VALUE.match(row.strip().rstrip(","))
    if found is None:
        raise ValueError(f"enum {enum}: cannot read {row.strip()!r}")
    return Constant(found.group(1), found.group(2), found.group(3) or "")


def _add_field(made: Structure, line: str, numbers: dict[str, int], known: dict[str, Structure]) -> None:
    found = _FIELD.match(line)
    if found is None:
        raise ValueError(f"struct {made.name}: cannot read {line.strip()!r}")
    kind, name, length, text = found.groups()
    inner = known.get(kind.removeprefix("struct "))
    size, align = (inner.bytes, inner.align) if inner else (_SIZES[kind], _SIZES[kind])
    offset = -(-made.bytes // align) * align
    count = 1 if length is None else numbers[length] if length in numbers else int(length, 0)
    made.fields.append(Field(offset, kind + (f"[{length}]" if length else ""), name, text or ""))
    made.bytes, made.align = offset + size * count, max(made.align, align)
