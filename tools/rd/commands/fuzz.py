# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

from rd import fuzz, fuzz_targets
from rd.log import RdError

HELP = "attack parsers, emulated registers and calls with inputs that a fuzzer finds"
DESCRIPTION = """Builds the targets of proofs/fuzz with libFuzzer, ASan and UBSan and runs them, two at a time. Each judges every call
by rules of its own (docs/proofs.md says which); the first broken rule, crash or sanitizer report ends its target, and the
input is kept. What was learnt stays in build/fuzz/corpus for the next run.

  ./rd fuzz --seconds 600                       ten minutes for each target
  ./rd fuzz --target vgic_registers --replay FILE   one input again, with the sanitizer's report
  ./rd fuzz --smoke                             the short run of ./rd test, the same every time
  ./rd fuzz --faults                            plants a fault for each target, which must find it"""
NEEDS = ("setup",)


def arguments(parser) -> None:
    parser.add_argument("--target", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--list", action="store_true", help="only list the targets")
    parser.add_argument("--smoke", action="store_true", help="a fixed number of inputs, the same every time")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="one input to one target")
    parser.add_argument("--storm", type=int, metavar="MILLIONS", help="of random calls on core/, without coverage and sanitizers")
    parser.add_argument("--seed", type=int, default=1, help="of --storm")
    parser.add_argument("--faults", action="store_true", help="is a planted fault found by each target?")


def run(args) -> int:
    targets = fuzz_targets.named(args.target)
    if args.list:
        for each in targets:
            print(f"{each.name:16} {each.title}")
        return 0
    if args.faults:
        from rd import fuzz_faults
        return fuzz_faults.run(targets)
    folder = fuzz.ready()
    if args.storm:
        print(f"{fuzz.storm(folder, args.seed, args.storm * 1_000_000)} checked calls, nothing found")
        return 0
    if args.replay:
        if len(targets) != 1:
            raise RdError("--replay needs one --target")
        return fuzz.replay(targets[0], folder, args.replay)
    results = fuzz.run_all(targets, folder, None if args.smoke else [f"-max_total_time={args.seconds}"])
    found = sum(bool(r.broken) for r in results)
    print(f"{sum(r.calls for r in results)} checked calls, {found} of {len(results)} targets found something")
    return 1 if found else 0
