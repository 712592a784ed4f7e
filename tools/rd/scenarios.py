# SPDX-License-Identifier: Apache-2.0
"""Finding and running tests/scenarios/*.py.

A scenario is a module with NAME (one line), TIMEOUT (seconds, ten times what it takes on a quiet machine), and
run(rig) which raises on failure. SLOW = True leaves it out unless --all is given."""
import importlib.util
import signal
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from rd import paths
from rd.console import SCALE
from rd.log import RdError, note, say
from rd.rig import Rig

FOLDER = paths.ROOT / "tests" / "scenarios"


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    timeout: float
    slow: bool
    module: ModuleType


def find(filters: Iterable[str] = (), slow: bool = True, folder: Path = FOLDER) -> list[Scenario]:
    """All scenarios whose name contains one of the filters (all without filters)."""
    filters = list(filters)
    found = [_load(path) for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    return [s for s in found if (not filters or any(f in s.name for f in filters)) and (slow or not s.slow)]


def run(scenario: Scenario) -> bool:
    """Run one; report on the terminal; answers whether it passed."""
    say(f"scenario {scenario.name}: {scenario.title}")
    started = time.monotonic()
    try:
        with _limit(scenario.timeout * SCALE):
            scenario.module.run(Rig(scenario.name))
    except Exception as error:
        if not isinstance(error, (RdError, AssertionError)):
            traceback.print_exc()
        elif isinstance(error, AssertionError):
            note(_where(error))
        print(f"FAIL {scenario.name} ({time.monotonic() - started:.1f} s): {error}", flush=True)
        return False
    print(f"ok   {scenario.name} ({time.monotonic() - started:.1f} s)", flush=True)
    return True


def _load(path: Path) -> Scenario:
    spec = importlib.util.spec_from_file_location(f"scenario_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return Scenario(path.stem, module.NAME, float(module.TIMEOUT), bool(getattr(module, "SLOW", False)), module)
    except AttributeError as missing:
        raise RdError(f"{paths.shown(path)}: a scenario needs NAME, TIMEOUT and run(rig): {missing}") from None


def _where(error: AssertionError) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{paths.shown(Path(frame.filename))}:{frame.lineno}: {frame.line}"


class _limit:
    """Raise in this thread when the time is over."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def __enter__(self) -> None:
        self._old = signal.signal(signal.SIGALRM, self._expire)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._old)

    def _expire(self, *_) -> None:
        raise RdError(f"scenario took longer than its limit of {self.seconds:.0f} s")
