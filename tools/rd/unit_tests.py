# SPDX-License-Identifier: Apache-2.0
"""Native unit tests (GoogleTest under ASan and UBSan, and other programs known to CTest)."""
import subprocess
import sys
import xml.etree.ElementTree as xml
from dataclasses import dataclass

from rd import build, paths
from rd.log import RdError, say


@dataclass(frozen=True)
class Tally:
    passed: int
    failed: int


def run(filters: list[str]) -> Tally:
    """Build and run those whose name matches one of the filters (regular expressions; none: all)."""
    folder = build.preset("native")
    say("unit tests")
    report = folder / "ctest.xml"
    report.unlink(missing_ok=True)
    argv = ["ctest", "--test-dir", str(folder), "-j2", "--output-on-failure", "--output-junit", str(report)]
    argv.append("--progress" if sys.stdout.isatty() else "-Q")
    argv += ["-R", "|".join(filters)] if filters else []
    child = subprocess.run(argv, cwd=paths.ROOT)
    if not report.exists():
        raise RdError(f"ctest made no report (exit code {child.returncode})")
    suite = xml.parse(report).getroot()
    total, bad = int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    _show_failures(suite)
    if child.returncode and not bad and total:
        raise RdError(f"ctest failed without naming a test (exit code {child.returncode})")
    print(f"unit tests: {total - bad} passed, {bad} failed", flush=True)
    return Tally(total - bad, bad)


def _show_failures(suite: xml.Element) -> None:
    for case in suite.iter("testcase"):
        if case.find("failure") is not None or case.get("status") == "fail":
            print(f"FAIL {case.get('name')}")
            print((case.findtext("system-out") or "").rstrip())
