# SPDX-License-Identifier: Apache-2.0
from rd import bench
from rd.log import RdError

HELP = "count instructions per operation, against the budgets"
DESCRIPTION = """Runs the measuring payload and a Linux guest under QEMU with -icount, counts executed instructions, and prints them next to
stock KVM on the same machine and to the budgets. Fails if a figure is worse by more than 2 % than its ratchet in
tools/bench/ratchets.json. Results also go to build/bench.json. docs/benchmarks.md explains what is counted."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("--quick", action="store_true", help="only the operations of a VM on Redoubt, and sizes")
    parser.add_argument("--bless", action="store_true", help="take what was measured as the new ratchets")
    parser.add_argument("--decision", metavar="NUMBER", help="with --bless: the record in docs/decisions that explains worse figures")


def run(args) -> int:
    if args.decision and not args.bless:
        raise RdError("--decision goes with --bless")
    return bench.run(args.quick, args.bless, args.decision)
