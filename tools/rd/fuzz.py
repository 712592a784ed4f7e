# SPDX-License-Identifier: Apache-2.0
"""Building and running the fuzz targets (libFuzzer, ASan, UBSan), two at a time."""
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rd import build, paths, proc
from rd.fuzz_targets import Target
from rd.log import RdError, progress, progress_end, say

ROOMS = "abi;base;arch/arm64_defs;vgic;core;crypto;arch/host;hyp/fdt;kvm;proofs/spec;proofs/fuzz"
FLAGS = [f"-DRD_ROOMS={ROOMS}", "-DRD_FUZZ=ON", "-DCMAKE_CXX_FLAGS_DEBUG=-O2 -g1"]
JOBS = 2


@dataclass(frozen=True)
class Result:
    target: Target
    broken: str          # what was found; empty if nothing
    inputs: int
    calls: int           # checked by the target's own rules
    artifact: Path | None


@cache
def ready() -> Path:
    """The folder with all targets, built."""
    folder = paths.BUILD / "fuzz"
    say("building the fuzz targets")
    with build.lock("fuzz"):
        configure_and_build(paths.ROOT, folder)
    return folder


def configure_and_build(tree: Path, folder: Path, *more: str) -> None:
    proc.run(["cmake", "--preset", "native", "-B", folder, *FLAGS, *more], cwd=tree, quiet=True, what="configuring the fuzz targets")
    proc.run(["cmake", "--build", folder, "--target", "fuzzers", f"-j{JOBS}"], quiet=True, what="building the fuzz targets")


def run_all(targets: list[Target], folder: Path, limits: list[str] | None) -> list[Result]:
    """Each target once, with these libFuzzer options; None: the short run that is the same every time."""
    done: list[Result] = []
    with ThreadPoolExecutor(JOBS) as pool:
        for result in pool.map(lambda t: run(t, folder, limits), targets):
            done.append(result)
            progress_end()
            show(result)
    return done


def run(target: Target, folder: Path, limits: list[str] | None, env: dict[str, str] | None = None) -> Result:
    crashes = folder / "crashes"
    crashes.mkdir(exist_ok=True)
    argv = [str(folder / f"fuzz_{target.name}"), f"-artifact_prefix={crashes}/{target.name}-", f"-max_len={target.max_length}",
            "-len_control=0", "-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1"]
    corpus = folder / ("smoke" if limits is None else "corpus") / target.name   # the first folder is where new inputs go
    if limits is None:
        shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir(parents=True, exist_ok=True)
    argv += ["-seed=1", f"-runs={target.smoke_runs}"] if limits is None else limits
    argv.append(str(corpus))
    if first := seeds(target, folder):
        argv.append(str(first))
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                          env={**os.environ, **(env or {})}, start_new_session=True) as child:
        try:
            text = _follow(target, child)
        except BaseException:
            proc.kill_group(child)
            raise
    return _judge(target, text, child.returncode)


def seeds(target: Target, folder: Path) -> Path | None:
    if not target.seeds:
        return None
    inner = target.seeds.removeprefix("build:")
    return folder / inner if inner != target.seeds else paths.ROOT / inner


def replay(target: Target, folder: Path, file: Path) -> int:
    return subprocess.run([str(folder / f"fuzz_{target.name}"), str(file)]).returncode


def show(result: Result) -> None:
    print(f"{'FOUND' if result.broken else 'nothing':8} {result.target.name:16} {result.inputs:>10} inputs {result.calls:>12} checked calls", flush=True)
    if result.broken:
        print(f"         {result.broken}")
    if result.artifact:
        print(f"         again: ./rd fuzz --target {result.target.name} --replay {paths.shown(result.artifact)}", flush=True)


def _follow(target: Target, child: subprocess.Popen) -> str:
    lines = []
    for line in child.stderr:
        lines.append(line)
        del lines[:-4000]
        if line.startswith("#"):
            progress(f"{target.name}: {line.strip()[:100]}")
    return "".join(lines)


def _judge(target: Target, text: str, code: int) -> Result:
    number = lambda pattern: int((re.findall(pattern, text) or [0])[-1])
    found = ""
    artifact = None
    if code:
        what = re.search(r"BROKEN RULE: .*|ERROR: \S+: .*|runtime error: .*|\S+:\d+: Failure\n.*", text)
        found = what.group(0) if what else f"exit code {code}: {text[-400:]}"
        file = re.search(r"Test unit written to (\S+)", text)
        artifact = Path(file.group(1)) if file else None
    inputs = number(r"stat::number_of_executed_units: (\d+)")
    if not code and not inputs:
        raise RdError(f"fuzz target {target.name} ran no input: {text[-400:]}")
    return Result(target, found, inputs, number(r"checked calls: (\d+)"), artifact)


def storm(folder: Path, seed: int, calls: int) -> int:
    """Very many calls of core with inputs from a seed, judged like those of core_calls, without a fuzzer's cost. Answers the number."""
    proc.run([folder / "fuzz_core_storm", str(seed), str(calls)], what=f"core_storm {seed} {calls}")
    return calls
