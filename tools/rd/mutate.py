# SPDX-License-Identifier: Apache-2.0
"""Is a small change of core/ or of the specification noticed? One build holds all mutants; each is switched on in turn."""
import os
import random
import re
import resource
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rd import mutants, paths, planted, proc
from rd.log import RdError, progress, progress_end, say
from rd.mutants import Mutant

EQUIVALENT = "proofs/mutants/equivalent.txt"
SECONDS = 5       # of CPU time for each program that may notice it
PROGRAMS = (("explorer", "3"), ("explorer", "1"))
SOURCES = ("main", "requests", "symmetry", "world", "world_meaning", "world_state")
TRIES = 6         # builds until all mutants that do not compile are known
_SWITCH = """
constexpr bool rd_mutant(int number) {
  if consteval {
    return false;
  }
  return rd_planted == number;
}
"""


@dataclass(frozen=True)
class Verdict:
    number: int
    mutant: Mutant
    killed_by: str      # empty: it lives


def sample(size: int, seed: int) -> dict[int, Mutant]:
    """All of the specification and so many of core/, the same for the same seed; by number from 1."""
    every = [m for file in mutants.files() for m in mutants.apart(mutants.of(file))]
    core = [m for m in every if m.file.startswith("core/")]
    chosen = set(random.Random(seed).sample(core, min(size, len(core)))) | {m for m in every if not m.file.startswith("core/")}
    return dict(enumerate((m for m in every if m in chosen), 1))


def build(chosen: dict[int, Mutant]) -> dict[int, Mutant]:
    """Answers those that compile; build/mutants/explorer holds them."""
    folder = paths.BUILD / "mutants"
    for attempt in range(TRIES):
        by_file: dict[str, dict[int, Mutant]] = {}
        for number, mutant in chosen.items():
            by_file.setdefault(mutant.file, {})[number] = mutant
        texts = {file: mutants.planted(file, rows) for file, rows in by_file.items()}
        planted.copy(folder / "tree", texts, _SWITCH)
        bad = _compile(folder)
        if not bad:
            return chosen
        dropped = {n for n, m in chosen.items() if (m.file, m.line) in bad}
        if not dropped:
            raise RdError(f"the mutants do not compile, and no mutant is to blame: {sorted(bad)[:5]}")
        say(f"{len(dropped)} mutants do not compile and are left out")
        chosen = {n: m for n, m in chosen.items() if n not in dropped}
    raise RdError("the mutants do not compile")


def _compile(folder) -> set[tuple[str, int]]:
    """Builds the explorer; answers the lines of errors."""
    tree = folder / "tree"
    argv = ["clang++-19", "-std=c++23", "-O1", "-w", "-ferror-limit=0", "-fno-caret-diagnostics", *planted.flags(tree).split(), f"-I{tree}",
            *(str(tree / f"proofs/explorer/{each}.cpp") for each in SOURCES), "-o", str(folder / "explorer"), "-fuse-ld=lld"]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return set()
    rows = re.findall(rf"^{re.escape(str(tree))}/(\S+?):(\d+):\d+: (?:error|note)", done.stderr, re.M)
    if not rows:
        raise RdError(f"building the mutants: {done.stderr[-600:]}")
    return {(file, int(line)) for file, line in rows}


def run(chosen: dict[int, Mutant], jobs: int = 2) -> list[Verdict]:
    if judge(0, None).killed_by:
        raise RdError("the explorer finds something without any mutant")
    begun, verdicts = time.monotonic(), []
    with ThreadPoolExecutor(jobs) as pool:
        for verdict in pool.map(lambda row: judge(*row), chosen.items()):
            verdicts.append(verdict)
            alive = sum(not v.killed_by for v in verdicts)
            progress(f"{len(verdicts)} of {len(chosen)} mutants, {alive} alive, {time.monotonic() - begun:.0f} s")
    progress_end()
    return verdicts


def judge(number: int, mutant: Mutant | None) -> Verdict:
    for name, argument in PROGRAMS:
        argv = [str(paths.BUILD / "mutants" / name), argument]
        child = subprocess.Popen(argv, env={**os.environ, "RD_PLANTED": str(number)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, preexec_fn=_limit, start_new_session=True)
        try:
            if child.wait() not in (0, -signal.SIGXCPU):   # at the limit it looked for so long and saw nothing
                return Verdict(number, mutant, f"{name} {argument}")
        except BaseException:
            proc.kill_group(child)
            raise
    return Verdict(number, mutant, "")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def equivalent() -> dict[str, str]:
    """"file: what" -> why no program can see a difference."""
    path = paths.ROOT / EQUIVALENT
    rows = (line.split(" | ") for line in path.read_text().splitlines() if line and line[0] != "#") if path.exists() else ()
    return {row[0]: row[1] for row in rows}
