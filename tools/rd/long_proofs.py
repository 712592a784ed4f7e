# SPDX-License-Identifier: Apache-2.0
"""What ./rd test --all does natively besides the unit tests. Each part answers how many passed and failed."""
from rd import build, fuzz, fuzz_faults, fuzz_targets, proc, spin
from rd.log import say
from rd.unit_tests import Tally

STORM_CALLS = 110_000_000


def planted_faults() -> Tally:
    say("planted faults for the fuzz targets")
    failed = fuzz_faults.run(list(fuzz_targets.TARGETS))
    return Tally(1 - failed, failed)


def storm() -> Tally:
    say(f"{STORM_CALLS} random calls on core/")
    fuzz.storm(fuzz.ready(), 1, STORM_CALLS)
    return Tally(1, 0)


def large_exploration() -> Tally:
    say("the explorer on 5 pages")
    proc.run([build.preset("native") / "explorer", "2"], what="explorer 2")
    return Tally(1, 0)


PARTS = [planted_faults, storm, large_exploration, spin.run]
