# SPDX-License-Identifier: Apache-2.0
"""Gates on the linked hypervisor: what the compiler made of the source is what counts."""
import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from checks import watched
from checks.elf_image import Function, Image

ALLOW = Path("tools/checks/allow")
_FP_OPERAND = re.compile(r"(?<![\w.#])(?:[bhsdq]([12]?\d|3[01])|[vz]([12]?\d|3[01])(?:\.\w+)?)(?![\w.])")
_INDIRECT = re.compile(r"^(?:br|blr)(?:aa|ab|aaz|abz)?$")
# Where each of the 16 exception vectors goes (Arm ARM D1.3.1.4: current EL with SP_EL0, with SP_ELx; lower EL, AArch64, AArch32).
VECTORS = (*["el2_fault"] * 8, "handle_sync", "handle_irq", "handle_fiq", "handle_serror", *["handle_aarch32"] * 4)
_VECTOR_BYTES = 0x80
_SYSTEM = {"msr", "tlbi", "at", "dc", "ic", "smc", "hvc", "eret", "eretaa", "eretab", "sys", "hlt", "brk"}


def results(elf: Path, root: Path) -> list[tuple[str, list[str]]]:
    """(gate, problems) for an image."""
    image = Image(elf)
    allow = root / ALLOW
    return [("ELF: no writable code", writable_code(image)),
            ("ELF: nothing undefined", [f"undefined: {name}" for name in image.undefined()]),
            ("ELF: FP and SIMD only where listed", fp_use(image, _names(allow / "fp_functions.txt"))),
            ("ELF: indirect branches only where listed", indirect_branches(image, _names(allow / "indirect_branches.txt"))),
            ("ELF: no recursion", recursion(image)),
            ("ELF: boot code is called by boot code only", boot_calls(image, _names(allow / "boot_callers.txt"))),
            ("ELF: exception vectors", exception_vectors(image)),
            ("ELF: speculation barrier after ERET", eret_barriers(image)),
            ("ELF: system instructions only where listed", system_instructions(image, allow / "system_instructions.txt")),
            ("ELF: nothing of the oracle", watched.left_in(image)),
            ("ELF: stack and text within budget", budgets(image, allow / "el2_budgets.json"))]


def writable_code(image: Image) -> list[str]:
    flags = image.segments()
    if not flags:
        return ["no loadable segment found"]
    return [f"segment {index} is {each}" for index, each in enumerate(flags) if "W" in each and "E" in each]


def fp_use(image: Image, allowed: set[str]) -> list[str]:
    return _each(image, allowed, lambda f: next((f"{i.mnemonic} {i.operands}" for i in f.code if _FP_OPERAND.search(i.operands)), None))


def indirect_branches(image: Image, allowed: set[str]) -> list[str]:
    return _each(image, allowed, lambda f: next((f"{i.mnemonic} {i.operands}" for i in f.code if _INDIRECT.match(i.mnemonic)), None))


def recursion(image: Image) -> list[str]:
    return ["cycle: " + " -> ".join(image.functions[a].name for a in cycle) for cycle in _cycles(image.functions)]


def boot_calls(image: Image, allowed: set[str]) -> list[str]:
    """Calls into the code that goes after the boot."""
    boot = image.boot_text()
    if not boot:
        return ["there is no section .boot.text"]
    callers = [f for f in image.functions.values() if f.address not in boot and f.name not in allowed]
    return [f"{f.name} calls {image.functions[c].name if c in image.functions else hex(c)}" for f in callers for c in sorted(f.calls) if c in boot]


def exception_vectors(image: Image) -> list[str]:
    """Each vector fits its slot, calls its own handler and nothing else, and ends in a jump."""
    table = next((f for f in image.functions.values() if f.name == "vectors"), None)
    if table is None or table.address % 0x800:
        return ["there is no function `vectors` at a multiple of 2 KiB"]
    found = []
    for number, handler in enumerate(VECTORS):
        start = table.address + number * _VECTOR_BYTES
        code = [i for i in table.code if start <= i.address < start + _VECTOR_BYTES]
        end = next((n for n, i in enumerate(code) if i.mnemonic == "b"), None)
        if end is None:
            found.append(f"vector {number}: no jump ends it before the next one begins")
            continue
        goes = {image.functions[t].name if t in image.functions else hex(t) for i in code[:end + 1] if (t := i.target_of_branch())}
        if goes - {"return_to_context"} != {handler}:
            found.append(f"vector {number}: goes to {', '.join(sorted(goes))}, expected {handler}")
    return found


def eret_barriers(image: Image) -> list[str]:
    found = []
    for function in image.functions.values():
        for index, ins in enumerate(function.code):
            after = [i.mnemonic for i in function.code[index + 1:index + 3]]
            if ins.mnemonic.startswith("eret") and after[:1] != ["sb"] and after != ["dsb", "isb"]:
                found.append(f"{function.name}: no SB, or DSB and ISB, after ERET at {ins.address:#x}")
    return found


def system_instructions(image: Image, path: Path) -> list[str]:
    if not path.exists():
        return [f"{path.name} does not exist: ./rd check --bless writes it, then review it"]
    allowed = set(path.read_text().splitlines())
    return [f"not listed: {row}" for row in _system_rows(image) if row not in allowed]


def budgets(image: Image, path: Path) -> list[str]:
    if not path.exists():
        return [f"{path.name} does not exist: ./rd check --bless writes it"]
    limits = json.loads(path.read_text())
    depth, chain = worst_stack(image)
    found = []
    if depth > limits["stack_bytes"]:
        found.append(f"stack: {depth} bytes, at most {limits['stack_bytes']}: {' -> '.join(chain)}")
    used = {"text_bytes": image.text_bytes(), "resident_text_bytes": image.resident_text_bytes()}
    return found + [f"{name}: {bytes_}, at most {limits[name]}" for name, bytes_ in used.items() if bytes_ > limits[name]]


def worst_stack(image: Image) -> tuple[int, list[str]]:
    """Deepest chain of direct calls: (bytes, names). Meaningless while there is recursion."""
    if _cycles(image.functions):
        return 0, ["recursion"]
    known: dict[int, tuple[int, list[str]]] = {}

    def depth(address: int) -> tuple[int, list[str]]:
        if address not in known:
            function = image.functions[address]
            below = max((depth(c) for c in function.calls if c in image.functions), default=(0, []), key=lambda d: d[0])
            known[address] = (function.stack + below[0], [function.name, *below[1]])
        return known[address]

    sys.setrecursionlimit(10_000)
    return max((depth(a) for a in image.functions), default=(0, []), key=lambda d: d[0])


def bless(elf: Path, root: Path) -> None:
    """Write the list of system instructions; lower the budgets to what is used (they never rise here)."""
    image, allow = Image(elf), root / ALLOW
    head = "# SPDX-License-Identifier: Apache-2.0\n# function: instruction. Which EL2 function may use which system instruction; review every new line.\n"
    (allow / "system_instructions.txt").write_text(head + "".join(f"{row}\n" for row in _system_rows(image)))
    path = allow / "el2_budgets.json"
    old = json.loads(path.read_text()) if path.exists() else {}
    used = {"stack_bytes": worst_stack(image)[0], "text_bytes": image.text_bytes(), "resident_text_bytes": image.resident_text_bytes()}
    path.write_text(json.dumps({k: min(v, old.get(k, v)) for k, v in used.items()}, indent=2) + "\n")


def _system_rows(image: Image) -> list[str]:
    rows = set()
    for function in image.functions.values():
        for ins in function.code:
            if ins.mnemonic in _SYSTEM:
                first = ins.operands.split(",")[0].strip()
                rows.add(f"{function.name}: {ins.mnemonic} {first}".rstrip())
    return sorted(rows)


def _each(image: Image, allowed: set[str], find: Callable[[Function], str | None]) -> list[str]:
    rows = ((f.name, find(f)) for f in image.functions.values() if f.name not in allowed)
    return sorted({f"{name}: {what}" for name, what in rows if what})


def _cycles(functions: dict[int, Function]) -> list[list[int]]:
    """Cycles in the graph of direct calls, one for each function found on its own path."""
    state: dict[int, int] = {}
    found = []
    for start in functions:
        path, stack = [], [(start, False)]
        while stack:
            address, leaving = stack.pop()
            if leaving:
                state[address] = 2
                path.pop()
            elif state.get(address) == 1:
                found.append([*path[path.index(address):], address])
            elif address not in state:
                state[address] = 1
                path.append(address)
                stack.append((address, True))
                stack += [(c, False) for c in functions[address].calls if c in functions]
    return found


def _names(path: Path) -> set[str]:
    """Names of functions, one a line, with `# reason` behind."""
    if not path.exists():
        return set()
    return {line.partition("#")[0].strip() for line in path.read_text().splitlines()} - {""}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("elf", type=Path)
    parser.add_argument("--root", type=Path, default=Path.cwd())
    args = parser.parse_args()
    bad = 0
    for name, found in results(args.elf, args.root):
        print(f"{'FAIL' if found else 'ok  '} {name}")
        print("".join(f"     {problem}\n" for problem in found), end="")
        bad += bool(found)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
