# SPDX-License-Identifier: Apache-2.0
"""Running other programs: failures carry the program's own words, Ctrl-C leaves nothing behind."""
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rd.log import RdError, note

TAIL_LINES = 40


def run(argv: Sequence[str | Path], *, cwd: Path | None = None, env: dict[str, str] | None = None,
        quiet: bool = False, timeout: float | None = None, what: str = "", terminal: bool = False) -> None:
    """Run to completion. With quiet, output is shown only if the program fails.

    With terminal the program keeps our session and standard input (sudo asks for a password there)."""
    argv = [str(a) for a in argv]
    child = subprocess.Popen(argv, cwd=cwd, env=_environment(env), start_new_session=not terminal,
                             stdin=None if terminal else subprocess.DEVNULL,
                             stdout=subprocess.PIPE if quiet else None,
                             stderr=subprocess.STDOUT if quiet else None, text=True, errors="replace")
    try:
        out, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill_group(child)
        raise RdError(f"{what or argv[0]}: no end after {timeout:.0f} s") from None
    except BaseException:
        kill_group(child)
        raise
    if child.returncode:
        for line in (out or "").splitlines()[-TAIL_LINES:]:
            note(line)
        raise RdError(f"{what or ' '.join(argv)}: exit code {child.returncode}")


def capture(argv: Sequence[str | Path], *, cwd: Path | None = None, env: dict[str, str] | None = None,
            check: bool = True) -> str:
    """The standard output of a short program."""
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, cwd=cwd, env=_environment(env), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise RdError(f"{argv[0]}: not installed (run: ./rd setup)") from None
    if check and done.returncode:
        raise RdError(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stderr.strip()}")
    return done.stdout


def kill_group(child: subprocess.Popen) -> None:
    """End a process and, if it leads its own session, everything it started."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            if os.getpgid(child.pid) == child.pid:
                os.killpg(child.pid, sig)
            else:
                child.send_signal(sig)
        except ProcessLookupError:
            break
        try:
            child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            continue
    child.wait()


def _environment(extra: dict[str, str] | None) -> dict[str, str] | None:
    return {**os.environ, **extra} if extra else None
