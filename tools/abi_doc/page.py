# SPDX-License-Identifier: Apache-2.0
"""The page docs/abi.md."""
from collections.abc import Iterable
from pathlib import Path

from abi_doc import parse

PAGE = "docs/abi.md"
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by ./rd doc from abi/; edit there. -->
# The interface between the host and Redoubt

Everything on this page is read from `abi/hypercall.def`, `abi/hypercall.h`, `abi/error.h`, `abi/run.h`, `abi/reg.h` and `abi/kvm.h`.
The caller is the host kernel's module at EL1. Programs use `/dev/kvm`, which is the KVM API as Linux documents it."""


def render(root: Path) -> str:
    numbers = parse.number_of(parse.constants(parse.read(root, "run.h")))
    parts = [HEAD, *_calls(root), *_errors(root), *_header(root, "hypercall.h", "Constants of the calls"),
             *_header(root, "run.h", "The run page"), *_structures(root, numbers),
             *_header(root, "reg.h", "Register numbers"), *_header(root, "kvm.h", "Numbers for users of /dev/kvm")]
    return "\n\n".join(parts) + "\n"


def _calls(root: Path) -> Iterable[str]:
    text = parse.read(root, "hypercall.def")
    yield "## Calls\n" + parse.head_comment(text).partition("\n\nRD_CALL(")[0]
    for call in parse.calls(text):
        yield (f"### {call.number:#04x} {call.name}\n{_cell(call.text)}\n\n"
               f"- Arguments: {_cell(call.arguments)}\n- Results: {_cell(call.results)}")


def _errors(root: Path) -> Iterable[str]:
    text = parse.read(root, "error.h")
    yield "## Status\n" + parse.head_comment(text)
    yield _table(("number", "name", "meaning"), [(e.value, f"`RD_E_{e.name}`", e.text) for e in parse.errors(text)])


def _header(root: Path, name: str, title: str) -> Iterable[str]:
    text = parse.read(root, name)
    yield f"## {title}\nFrom `abi/{name}`.\n\n" + parse.head_comment(text)
    for group in parse.groups(text):
        rows = [(f"`{c.name}`", f"`{c.value}`", c.text) for c in group.constants]
        yield (group.text + "\n\n" if group.text else "") + _table(("name", "value", "meaning"), rows)
    for enum, values in parse.enums(text).items():
        yield f"### enum {enum}\n\n" + _table(("value", "name", "meaning"), [(v.value, f"`{v.name}`", v.text) for v in values])


def _structures(root: Path, numbers: dict[str, int]) -> Iterable[str]:
    for made in parse.structures(parse.read(root, "run.h"), numbers).values():
        rows = [(str(f.offset), f"`{f.type}`", f"`{f.name}`", f.text) for f in made.fields]
        yield f"### struct {made.name}, {made.bytes} bytes\n\n" + _table(("offset", "type", "field", "meaning"), rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace('\\"', '"')

