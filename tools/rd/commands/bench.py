# SPDX-License-Identifier: Apache-2.0
import importlib.util

from rd.log import RdError

HELP = "count instructions per operation, against the budgets"
DESCRIPTION = """Runs the measuring payload under QEMU with -icount (one instruction is one nanosecond, repeatable) and compares
each operation with its budget."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("name", nargs="*", help="part of the name of an operation")


def run(args) -> int:
    if importlib.util.find_spec("rd.bench") is None:
        raise RdError("there are no benchmarks yet (tools/rd/bench.py is missing)")
    from rd import bench
    return bench.run(args.name)
