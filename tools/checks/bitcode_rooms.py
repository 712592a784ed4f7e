# SPDX-License-Identifier: Apache-2.0
"""core/ and vgic/ as bitcode, compiled with the hypervisor's own flags: provable from the first line.

Each source is looked at twice: as the front end made it, where no inlining hides a call, and as the optimiser left it."""
import hashlib
import json
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks import bitcode, ratchet, tree

CORE_UNIT = "proofs/bitcode/core_unit.cpp"
# A translation unit of the hypervisor whose command line core's unit is compiled with.
CORE_FLAGS_OF = "hyp/host/host_calls.cpp"
INPUTS = ("abi/", "base/", "arch/arm64_defs/", "vgic/", "core/", "proofs/bitcode/", "tools/checks/bitcode")
CORE_CALLS = re.compile(r"@_ZNK?7redoubt6proofs(?:14OutsideMachine|14OutsideMeasure|16OutsideAllocator)\w+"
                        r"|@_ZSt21__glibcxx_assert_fail\w+|@mem(?:cpy|set|move|cmp)|@bcmp")
VGIC_CALLS = re.compile(r"@_ZSt21__glibcxx_assert_fail\w+|@mem(?:cpy|set|move|cmp)|@bcmp")
# Debug information names the functions; without it there is a tenth to read.
STAGES = {"as written": ("-gline-tables-only", "-Xclang", "-disable-llvm-passes"), "optimised": ("-g0",)}


def results(build: Path, root: Path) -> list[tuple[str, list[str]]]:
    """(check, problems); what was compiled before with the same inputs is not compiled again."""
    commands = {str(Path(row["file"]).relative_to(root)): row for row in json.loads((build / "compile_commands.json").read_text())}
    known = build / "bitcode" / f"{_fingerprint(root, commands)}.json"
    if known.exists():
        return [tuple(row) for row in json.loads(known.read_text())]
    with ThreadPoolExecutor(2) as pool:
        core = list(pool.map(lambda s: _dump(commands[CORE_FLAGS_OF], root / CORE_UNIT, s), STAGES.values()))
        sources = [name for name in commands if name.startswith("vgic/")]
        vgic = [list(pool.map(lambda n: _dump(commands[n], root / n, s), sources)) for s in STAGES.values()]  # noqa: B023
    found = [("bitcode of core", _all(STAGES, [[text] for text in core], CORE_CALLS)),
             ("bitcode of core: nothing left out", left_out(root, core[0])),
             ("bitcode of vgic", _all(STAGES, vgic, VGIC_CALLS))]
    known.parent.mkdir(exist_ok=True)
    known.write_text(json.dumps(found))
    return found


def _all(stages, texts: list[list[str]], allowed: re.Pattern[str]) -> list[str]:
    return [f"{each} ({stage})" for stage, modules in zip(stages, texts)
            for each in bitcode.problems([bitcode.read(text, stage == "optimised") for text in modules], allowed)]


def left_out(root: Path, text: str) -> list[str]:
    """Functions of core's headers of which core's unit has made nothing: nobody would look at them."""
    made = set(re.findall(r'!DISubprogram\(name: "([\w~]+)', text))
    tests = tree.test_files(root)
    headers = [n for n in tree.cxx_files(root) if n.startswith("core/") and n.endswith(".hpp") and n not in tests]
    here = ((name, f.split("::")[-1]) for name in headers if name != "core/ownership/invariants.hpp"
            for f, _ in ratchet.cxx_functions((root / name).read_text()))
    return [f"{name}: {f} is not in {CORE_UNIT}" for name, f in here if f not in made and f.isidentifier() and f != "requires"]


def _dump(command: dict, source: Path, stage: tuple[str, ...]) -> str:
    argv = shlex.split(command["command"])
    at = argv.index("-o")
    argv = [a for a in argv[:at] + argv[at + 4:] if not a.startswith("-ffile-prefix-map")]
    # -iquote: the unit lies in a room that the hypervisor's include path does not show.
    argv += ["-iquote", str(Path(*source.parts[:-len(Path(CORE_UNIT).parts)])), "-S", "-emit-llvm", *stage, "-o", "-", str(source)]
    done = subprocess.run(argv, cwd=command["directory"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{source.name} does not compile to bitcode:\n{done.stderr}")
    return done.stdout


def _fingerprint(root: Path, commands: dict[str, dict]) -> str:
    digest = hashlib.sha256(commands[CORE_FLAGS_OF]["command"].encode())
    for name in tree.files(root):
        if name.startswith(INPUTS):
            digest.update(f"{name} {commands.get(name, {}).get('command', '')}\n".encode() + (root / name).read_bytes())
    return digest.hexdigest()[:32]
