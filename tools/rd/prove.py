# SPDX-License-Identifier: Apache-2.0
"""Proving core's entry points on the bitcode of the translation units that the hypervisor is linked from."""
import hashlib
import json
import shlex
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rd import build, paths, proc, setup
from rd.log import RdError, note, say

FOLDER = "prover"


@dataclass(frozen=True)
class Result:
    name: str
    fields: dict[str, list[str]]
    seconds: float
    cached: bool

    @property
    def verdict(self) -> str:
        return self.first("verdict", "failed")

    def first(self, key: str, otherwise: str = "0") -> str:
        return self.fields.get(key, [otherwise])[0]


class Prover:
    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        setup.ensure_packages(setup.PROVER_PACKAGES)
        self.folder = paths.BUILD / FOLDER
        say("building the prover")
        with build.lock(FOLDER):
            proc.run(["cmake", "--preset", "native", "-B", self.folder, "-DRD_ROOMS=proofs/prover"], cwd=paths.ROOT, quiet=True,
                     what="configuring the prover")
            proc.run(["cmake", "--build", self.folder, "-j2"], quiet=True, what="building the prover")
        self.program = self.folder / "prover"
        self.entries: dict[str, str] = {}
        self.goals: list[str] = []
        self.limits: list[str] = []
        for line in proc.capture([self.program, "--list"]).splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "entry":
                self.entries.update([rest.split()])
            else:
                (self.goals if kind == "goal" else self.limits).append(rest)

    def test(self) -> None:
        """The executor's own tests: a prover that proves everything is worth nothing."""
        say("tests of the prover")
        proc.run(["ctest", "--test-dir", self.folder, "-L", "prover", "--output-on-failure", "--no-tests=error"], quiet=True,
                 what="tests of the prover")

    def prove(self, name: str, bitcode: Path, fresh: bool = False) -> Result:
        """One entry point; what is cached is keyed by the code of all functions it reaches and by the prover."""
        digest = hashlib.sha256(proc.capture([self.program, "--digest", bitcode, name]).encode())
        for part in sorted((paths.ROOT / "proofs/prover").glob("*.?pp")):
            if not part.stem.endswith("_test"):
                digest.update(part.read_bytes())
        known = self.folder / "results" / f"{name}-{digest.hexdigest()[:24]}.json"
        if known.exists() and not fresh:
            saved = json.loads(known.read_text())
            return Result(name, saved["fields"], saved["seconds"], True)
        begun = time.monotonic()
        fields = self._run(bitcode, name)
        if fields is None:
            return Result(name, {"verdict": ["not finished"], "why": [f"stopped after {self.minutes:g} minutes (--minutes)"]},
                          time.monotonic() - begun, False)
        result = Result(name, fields, time.monotonic() - begun, False)
        if "verdict" in fields:
            known.parent.mkdir(exist_ok=True)
            known.write_text(json.dumps({"fields": fields, "seconds": result.seconds}))
        return result

    def _run(self, bitcode: Path, name: str) -> dict[str, list[str]] | None:
        """What the prover says, by key; None if it was stopped. Its progress is shown while it works."""
        fields: dict[str, list[str]] = {}
        with (subprocess.Popen(["nice", "-n", "19", str(self.program), str(bitcode), name], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True) as prover):
            stopped = threading.Event()
            timer = threading.Timer(self.minutes * 60, lambda: (stopped.set(), prover.kill()))
            timer.start()
            for line in prover.stdout:
                key, _, value = line.rstrip().partition(" ")
                if key == "progress":
                    note(f"{name}: {value}")
                else:
                    fields.setdefault("why" if key == "prover:" else key, []).append(value)
            timer.cancel()
        return None if stopped.is_set() else fields


def bitcode(source: str, folder: Path, extra: tuple[str, ...] = ()) -> Path:
    """The bitcode of one translation unit of the hypervisor, made by the command that makes its object file."""
    command, directory = _command(source)
    made = folder / "bitcode" / f"{Path(source).stem}{hashlib.sha256(' '.join(extra).encode()).hexdigest()[:6] if extra else ''}.bc"
    made.parent.mkdir(exist_ok=True)
    at = command.index("-o")
    proc.run([*command[:at], *extra, "-emit-llvm", *command[at + 2:], "-o", made], cwd=directory, quiet=True, what=f"bitcode of {source}")
    return made


def same_code(source: str, made: Path) -> bool:
    """Is the bitcode's machine code, with its relocations, that of the object file that is linked?"""
    command, directory = _command(source)
    at = command.index("-o")
    kept = [a for a in command[:at] if not a.startswith(("-I", "-W", "-std", "-D"))]
    again = made.with_suffix(".o")
    proc.run([*kept, "-Wno-unused-command-line-argument", "-Xclang", "-disable-llvm-passes", "-x", "ir", made, "-c", "-o", again],
             cwd=directory, quiet=True, what=f"code of {source}")
    texts = [proc.capture(["llvm-objdump-19", "-dr", "--no-leading-addr", each]).partition("\n\n")[2]
             for each in (again, Path(directory) / command[at + 1])]
    return texts[0] == texts[1] and len(texts[0]) > 1000


def _command(source: str) -> tuple[list[str], str]:
    for row in json.loads((paths.BUILD / "el2/compile_commands.json").read_text()):
        if row["file"] == str(paths.ROOT / source):
            return shlex.split(row["command"]), row["directory"]
    raise RdError(f"{source} is no part of the hypervisor")
