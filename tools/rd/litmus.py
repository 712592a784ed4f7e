# SPDX-License-Identifier: Apache-2.0
"""herd7, Arm's memory model as a program: unpacked privately from Debian sid, and the litmus files of proofs/litmus.

Each file must be forbidden as it is, and allowed without any one of its barriers unless it says why not."""
import shutil
import subprocess
from pathlib import Path

from checks import litmus_file
from rd import paths, proc
from rd.apt import PrivateApt
from rd.log import RdError, say
from rd.unit_tests import Tally

FOLDER = paths.ROOT / "proofs/litmus"
PACKAGES = ("herdtools7", "libc6", "libgmp10")
TIMEOUT = 60


def herd() -> Path | None:
    """Where it is unpacked; None if it cannot be had."""
    home = paths.cache() / "herd"
    if home.exists():
        return home
    part, lists = paths.cache() / "herd.part", paths.cache() / "apt-sid"
    try:
        say("fetching herd7 from Debian sid into the cache (40 MB, once)")
        apt = PrivateApt(lists, ["sid"], arch="amd64")
        apt.update()
        shutil.rmtree(part, ignore_errors=True)
        for package in PACKAGES:
            proc.run(["dpkg-deb", "-x", apt.download(package, lists / "debs"), part], quiet=True, what=f"unpacking {package}")
        part.rename(home)
    except (RdError, OSError) as error:
        say(f"herd7 is not to be had: {error}")
        return None
    finally:
        shutil.rmtree(lists, ignore_errors=True)
    return home


def observe(home: Path, test: str) -> str:
    """"Never", "Sometimes" or "Always": may the outcome of the test happen?"""
    loader, libraries = home / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", home / "usr/lib/x86_64-linux-gnu"
    argv = [loader, "--library-path", libraries, home / "usr/bin/herd7", "-set-libdir", home / "usr/share/herdtools7/herd",
            "-variant", "vmsa", "-I", home / "usr/share/herdtools7/herd"]
    scratch = paths.BUILD / "litmus"
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "test.litmus").write_text(test)
    done = subprocess.run([str(a) for a in [*argv, scratch / "test.litmus"]], capture_output=True, text=True, timeout=TIMEOUT)
    for line in done.stdout.splitlines():
        if line.startswith("Observation "):
            return line.split()[2]
    raise RdError("herd7 cannot read a test: " + (done.stderr or done.stdout).strip()[-500:])


def check(home: Path, test: litmus_file.Litmus, verbose: bool = False) -> tuple[int, list[str]]:
    """How many variants were looked at, and what is wrong."""
    wrong = [] if observe(home, test.text) == "Never" else [f"{test.name}: the outcome is possible"]
    alone = {n for spare in test.spares for n in spare.steps}
    variants = [(n,) for n in range(1, len(test.steps()) + 1)] + [s.steps for s in test.spares if len(s.steps) > 1]
    for steps in variants:
        seen, spare = observe(home, test.without(steps)), len(steps) == 1 and steps[0] in alone
        gone = " and ".join(test.shown(n) for n in steps)
        if verbose:
            print(f"  {test.name} without {steps} {gone}: {seen}", flush=True)
        if (seen == "Never") != spare:
            wrong.append(f"{test.name}: without {gone} ({', '.join(map(str, steps))}) the outcome is {seen.lower()} possible"
                         + (", which the file says it is not" if spare else ""))
    return 1 + len(variants), wrong


def run(verbose: bool = False) -> Tally | None:
    """All files; None if herd7 is not to be had."""
    home = herd()
    if home is None:
        say("skipped: the litmus files of proofs/litmus (herd7 is not to be had)")
        return None
    passed = failed = 0
    for path in sorted(FOLDER.glob("*.litmus")):
        looked_at, wrong = check(home, litmus_file.read(path), verbose)
        print(f"{'FAIL' if wrong else 'ok  '} litmus {path.stem}: {looked_at} variants", flush=True)
        for each in wrong:
            print(f"     {each}", flush=True)
        passed, failed = passed + (not wrong), failed + bool(wrong)
    return Tally(passed, failed)
