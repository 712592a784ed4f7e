# SPDX-License-Identifier: Apache-2.0
"""The Spin model of proofs/spin: made of the steps that the code was seen to do, searched to the end, and its mutants refuted."""
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rd import paths, setup
from rd.log import RdError
from rd.unit_tests import Tally

FOLDER = paths.ROOT / "proofs/spin"
PACKAGES = ["spin", "gcc", "libc6-dev"]
MAX_DEPTH = 20000
NAMES = {"host_map": "host_map_", "decoyed": "decoyed_"}   # words that are variables of the model too
ITSELF, NEXT, BEFORE, NOTHING = range(4)   # what may happen in the place of a step
_CALL = re.compile(r"@(\w+) (\d)@")


@dataclass(frozen=True)
class Search:
    error: str | None     # None: none
    states: int
    complete: bool


class Model:
    def __init__(self) -> None:
        rows = (line.partition(":") for line in (FOLDER / "steps.txt").read_text().splitlines() if line and line[0] != "#")
        self._steps = {call: [step.strip() for step in said.split(";") if step.strip()] for call, _, said in rows}
        template = (FOLDER / "machine.pml").read_text()
        self._used = list(dict.fromkeys(name for name, _ in _CALL.findall(template)))
        self._text = _CALL.sub(self._put_in, template)
        self._mistakes = re.findall(r"^#define (\w+) \(mistake == (\d+)\)", template, re.M)

    def mutants(self) -> dict[str, dict[str, str]]:
        """Each mistake, each step left out, each two neighbours exchanged: name, and what pan is told."""
        made = {name: {"RD_MISTAKE": number} for name, number in self._mistakes}
        for call in self._used:
            done = self._steps[call]
            for n, step in enumerate(done):
                place = self._place(call, n)
                made[f"{call} without {step}"] = {"RD_TAKES": f"{place} {NOTHING}"}
                if n + 1 < len(done):
                    made[f"{call}: {done[n + 1]} before {step}"] = {"RD_TAKES": f"{place} {NEXT} {place + 1} {BEFORE}"}
        return made

    def _place(self, call: str, step: int) -> int:
        """The steps of all calls, numbered."""
        return step + sum(len(self._steps[each]) for each in self._used[:self._used.index(call)])

    def build(self, actions: int) -> Path:
        """A program that searches all states."""
        folder = paths.BUILD / f"spin/{actions}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.pml").write_text(self._text)
        _run(["spin", f"-DACTIONS={actions}", "-a", "model.pml"], folder)
        _run(["gcc", "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=512", "-o", "pan", "pan.c"], folder)
        return folder / "pan"

    def _put_in(self, match: re.Match) -> str:
        """The steps of a call; in the place of each, a mutant may have its neighbour or nothing."""
        done, text = [f"{NAMES.get(step, step)}({match[2]})" for step in self._steps[match[1]]], ""
        for n in range(len(done)):
            at = 4 * self._place(match[1], n)
            ways = [f":: c_expr {{ takes[{at + what}] }} -> {done[other]}"
                    for what, other in ((ITSELF, n), (NEXT, n + 1), (BEFORE, n - 1)) if 0 <= other < len(done)]
            text += f"if {' '.join(ways)} :: c_expr {{ takes[{at + NOTHING}] }} fi; "
        return text


def search(program: Path, told: dict[str, str]) -> Search:
    out = _run(["nice", "-n", "19", program, f"-m{MAX_DEPTH}", "-n", "-w22"], program.parent, told)
    error = re.search(r"^pan:\d+: (.+?) \(at depth", out, re.M)
    states = re.search(r"([\d.e+]+) states, stored", out)
    return Search(error and error[1], int(float(states[1])) if states else 0, "Search not completed" not in out and "max search depth too small" not in out)


def harmless() -> dict[str, str]:
    """Mutants that change nothing that the model can see, and why."""
    rows = (line.partition(" -- ") for line in (FOLDER / "harmless.txt").read_text().splitlines() if line and line[0] != "#")
    return {mutant: why for mutant, _, why in rows}


def run() -> Tally:
    setup.ensure_packages(PACKAGES)
    model, known, wrong = Model(), harmless(), []
    program = model.build(1)
    whole = [search(program, {}), search(model.build(2), {})]
    good = all(each.error is None and each.complete and each.states > 10_000 for each in whole)
    print(f"{'ok  ' if good else 'FAIL'} spin: {' and '.join(f'{s.states:,}' for s in whole)} states with one and two actions of each CPU; "
          + next((each.error for each in whole if each.error), "no error in any"), flush=True)
    tried = model.mutants()
    for name, told in tried.items():
        error = search(program, told).error
        if (error is None) != (name in known):
            wrong.append(f"{name}: " + (f"refuted ({error}), but listed as harmless" if error else "not refuted"))
    wrong += [f"{name} is listed as harmless " + ("without a reason" if name in tried else "and is no mutant")
              for name, why in known.items() if name not in tried or not why]
    print(f"{'FAIL' if wrong else 'ok  '} spin: {len(tried)} mutants, {len(known)} of them harmless and listed, the others refuted", flush=True)
    for each in wrong:
        print(f"     {each}", flush=True)
    return Tally(good + (not wrong), (not good) + bool(wrong))


def _run(argv: list[str | Path], folder: Path, told: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(a) for a in argv], cwd=folder, capture_output=True, text=True, env=os.environ | (told or {}))
    if done.returncode:
        raise RdError(f"{argv[0]}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-1500:]}")
    return done.stdout
