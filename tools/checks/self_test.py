# SPDX-License-Identifier: Apache-2.0
"""Each check must find what it exists for, and nothing in what is right."""
import subprocess
import sys
import tempfile
from pathlib import Path

from abi_doc import parse
from checks import barriers_self_test, bitcode_self_test, elf_gates, includes, museum, provable, ratchet, tree
from checks.elf_image import short_name

NAME = "the checks find planted faults"

# A vector table as it must be; the rows with a `vectors` of their own replace it.
_HANDLERS = sorted({*elf_gates.VECTORS, "return_to_context"})
VECTORS = ("\n.balign 0x800\n.type vectors, %function\nvectors:\n"
           + "".join(f".balign 0x80\n bl {name}\n b return_to_context\n" for name in elf_gates.VECTORS))
HANDLERS = "".join(f".type {name}, %function\n{name}: ret\n" for name in _HANDLERS)
# (gate, assembly that must fail it). All is one image per row, linked as the hypervisor is.
BAD_ASSEMBLY = (
    ("ELF: no writable code", 'f: ret\n.section .evil, "awx"\n ret'),
    ("ELF: FP and SIMD only where listed", "f: fmov d0, x0\n ret"),
    ("ELF: FP and SIMD only where listed", "f: ldr q31, [x0]\n ret"),
    ("ELF: indirect branches only where listed", "f: blr x8\n ret"),
    ("ELF: no recursion", "f: bl g\n ret\n.type g, %function\ng: b f"),
    ("ELF: speculation barrier after ERET", "f: eret\n nop\n nop"),
    ("ELF: system instructions only where listed", "f: msr hcr_el2, x0\n ret"),
    ("ELF: stack and text within budget", "f: sub sp, sp, #8, lsl #12\n bl g\n ret\n.type g, %function\ng: stp x29, x30, [sp, #-64]!\n ret"),
    ("ELF: nothing undefined", "f: bl missing\n ret"),
    ("ELF: boot code is called by boot code only", "f: bl boot\n ret"),
    ("ELF: boot code is called by boot code only", "f: b boot"),
    ("ELF: exception vectors", "f: ret\nvectors:"),
    ("ELF: exception vectors", "f: ret" + VECTORS.replace("bl handle_irq", "bl handle_fiq")),
    ("ELF: exception vectors", "f: ret" + VECTORS.replace(" b return_to_context\n", " nop\n")),
)
GOOD_ASSEMBLY = "f: stp x29, x30, [sp, #-16]!\n mrs x0, currentel\n bl g\n eret\n dsb nsh\n isb\n.type g, %function\ng: ret"
LONG = "int f(int a) {\n" + "  a += 1;\n" * 40 + "  return a;\n}\n"


def problems(root: Path) -> list[str]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for gate, source in BAD_ASSEMBLY:
            if not _failing(Path(folder), source).get(gate):
                found.append(f"{gate}: does not see: {source!r}")
        found += [f"{gate}: false alarm: {what}" for gate, what in _failing(Path(folder), GOOD_ASSEMBLY).items()]
        found += _purity(Path(folder)) + barriers_self_test.problems(Path(folder) / "barriers")
    found += bitcode_self_test.problems()
    if [n for n, length in ratchet.cxx_functions(f"namespace x {{\nclass C {{\n{LONG}}};\n}}\n") if length > 40] != ["f"]:
        found.append("size of functions: a function of 43 lines is not seen")
    if ratchet.cxx_functions("enum class E { a };\nint x[] = {1};\nif (a) {\n}\n"):
        found.append("size of functions: sees functions where there are none")
    if short_name("void a::(anonymous namespace)::b<int, c<d>>(e)::{lambda(int)#1}") != "a::{anonymous}::b":
        found.append("function names: not as expected")
    return found + _abi_reader() + _museum(root)


def _museum(root: Path) -> list[str]:
    """A test that was renamed, a row without one, and a row that was lost must be seen."""
    existing, rows = museum.Existing(root), [f"| {n} | a | b | by construction |" for n in range(1, museum.LAST + 1)]
    if museum.problems_of("\n".join(rows), existing):
        return ["bug museum: false alarm"]
    bad = ("| 7 | a | b | `Museum.no_such_test` |", "| 7 | a | b | attack `none` |", "| 7 | a | b | review |", "", rows[5])
    return [f"bug museum: does not see: {row!r}" for row in bad
            if not museum.problems_of("\n".join([*rows[:6], row, *rows[7:]]), existing)]


def _abi_reader() -> list[str]:
    """What it cannot read must be an error, not a hole in the page."""
    found = []
    for reader, text in ((parse.calls, 'RD_CALL(0x01, A, 0, "-", "two columns only")'), (parse.calls, "RD_CALL(0x01, A)"),
                         (parse.enums, "enum a {\n\tA_ONE,\n};"), (lambda t: parse.structures(t, {}), "struct a {\n\tchar *p;\n};")):
        try:
            reader(text)
            found.append(f"page of the interface: does not see: {text!r}")
        except ValueError:
            pass
    layout = parse.structures("struct a {\n\trd_u32 x;\n\trd_u64 y[N];\n\trd_u32 z;\n};", {"N": 3})["a"]
    if [f.offset for f in layout.fields] != [0, 8, 32] or layout.bytes != 40:
        found.append("page of the interface: offsets are not those of C")
    return found


def _failing(folder: Path, source: str) -> dict[str, list[str]]:
    vectors = "" if "vectors:" in source else VECTORS
    (folder / "t.S").write_text(f".text\n.globl f\n.type f, %function\n{source}\n.text\n{HANDLERS}{vectors}\n.section .boot.text, \"ax\"\n.type boot, %function\nboot: bl boot2\n ret\n.type boot2, %function\nboot2: ret\n")
    subprocess.run(["clang-19", "--target=aarch64-linux-gnu", "-march=armv8-a", "-nostdlib", "-fuse-ld=lld", "-static",
                    "-Wl,--unresolved-symbols=ignore-all", "-Wl,-e,f", "-o", "t.elf", "t.S"], cwd=folder, check=True, capture_output=True)
    allow = folder / elf_gates.ALLOW
    allow.mkdir(parents=True, exist_ok=True)
    (allow / "system_instructions.txt").write_text("f: eret\n")
    (allow / "el2_budgets.json").write_text('{"stack_bytes": 64, "text_bytes": 8192, "resident_text_bytes": 8192}')
    return {name: found for name, found in elf_gates.results(folder / "t.elf", folder) if found}


def _purity(folder: Path) -> list[str]:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / "core").mkdir()
    found = []
    for line, bad in (("volatile int a;", True), ("auto p = reinterpret_cast<int*>(x);", True), ("for (;;) {}", True),
                      ("A(const A&) = delete;  // no new copies", False), ('auto s = "volatile";', False)):
        (folder / "core/a.cpp").write_text(line + "\n")
        _forget()
        if bool(provable.problems(folder)) != bad:
            found.append(f"purity of core: {line!r} judged wrongly")
    return found + _arrows(folder)


def _arrows(folder: Path) -> list[str]:
    (folder / "cmake").mkdir()
    (folder / "cmake/arrows.txt").write_text("base:\ncore: base\nhyp: core\n")
    (folder / elf_gates.ALLOW / "std_headers.txt").write_text("span\n")
    found = []
    for line, bad in (('#include "base/a.hpp"', False), ('#include "core/a.hpp"', False), ('#include "hyp/a.hpp"', True),
                      ('#include "a.hpp"', True), ("#include <span>", False), ("#include <vector>", True)):
        (folder / "core/a.cpp").write_text(line + "\n")
        _forget()
        if bool(includes.problems(folder)) != bad:
            found.append(f"arrows: {line!r} judged wrongly")
    _forget()
    return found


def _forget() -> None:
    tree.files.cache_clear()
    tree.test_files.cache_clear()


if __name__ == "__main__":
    failures = problems(Path())
    print("\n".join(failures) or "ok")
    sys.exit(1 if failures else 0)
