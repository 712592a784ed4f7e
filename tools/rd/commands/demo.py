# SPDX-License-Identifier: Apache-2.0
import importlib.util

from rd.log import RdError

HELP = "see Redoubt at work, in one machine under QEMU"
DESCRIPTION = """Boots a stock Debian host on Redoubt and runs the demonstration in it. With --script nothing is asked and the exit
code tells whether every step showed what it must."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("--script", action="store_true", help="without a terminal: run all steps, check each")


def run(args) -> int:
    if importlib.util.find_spec("rd.demo") is None:
        raise RdError("there is no demonstration yet (tools/rd/demo.py is missing)")
    from rd import demo
    return demo.run(script=args.script)
