# SPDX-License-Identifier: Apache-2.0
from rd import check, litmus, long_proofs, scenarios, unit_tests
from rd.log import RdError, say

HELP = "everything that must hold before a commit"
DESCRIPTION = """Static checks (as ./rd check), native unit tests, the litmus files of ./rd models, a short run of each fuzz target, and the
scenarios of tests/scenarios in QEMU. --all adds what takes long: slow scenarios, planted faults, 10^8 random calls on core/,
the large exploration, the Spin model.
With names: only unit tests and scenarios whose name contains one of them, no static checks; the whole name of a
scenario means that one only.
The last line is "N passed, N failed". Serial logs are in build/logs/. On a slow machine set RD_TIMEOUT_SCALE=3."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("name", nargs="*", help="part of the name of a unit test or scenario")
    parser.add_argument("--all", action="store_true", help="what takes long too")
    parser.add_argument("--list", action="store_true", help="only list the scenarios")


def fuzz_smoke() -> unit_tests.Tally:
    from rd import fuzz, fuzz_targets
    results = fuzz.run_all(list(fuzz_targets.TARGETS), fuzz.ready(), None)
    found = sum(bool(r.broken) for r in results)
    return unit_tests.Tally(len(results) - found, found)


def run(args) -> int:
    if args.list:
        for each in scenarios.find(args.name):
            print(f"{each.name:32} {'(slow) ' if each.slow else ''}{each.title}")
        return 0
    passed = failed = 0
    chosen = scenarios.find(args.name, slow=args.all or bool(args.name))
    parts = [] if args.name else [check.run_static]
    if not args.name or not set(args.name) <= {each.name for each in chosen}:
        parts.append(lambda: unit_tests.run(args.name))
    if not args.name:
        parts += [litmus.run, fuzz_smoke]
        parts += long_proofs.PARTS if args.all else []
    for part in parts:
        try:
            tally = part() or unit_tests.Tally(0, 0)   # None: skipped, and said so
            passed, failed = passed + tally.passed, failed + tally.failed
        except RdError as error:
            say(f"error: {error}")
            failed += 1
    for each in chosen:
        if scenarios.run(each):
            passed += 1
        else:
            failed += 1
    if passed + failed == 0:
        say("nothing has that name")
        failed = 1
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
