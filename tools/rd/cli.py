# SPDX-License-Identifier: Apache-2.0
"""The command line: each module in rd/commands is one sub-command.

Such a module has HELP (one line), DESCRIPTION (what it teaches), optionally arguments(parser), and run(args) -> exit code.
NEEDS names what must be ready before it runs: "setup" (packages) and "fetch" (kernels, sysroot)."""
import argparse
import importlib
import pkgutil

from rd import commands
from rd.log import RdError, say

EPILOG = """first time:  ./rd demo --script     (installs and fetches what is missing, builds, runs the demonstration)
before a commit:  ./rd test        (static checks, unit tests, QEMU scenarios)
Each command has its own --help."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./rd", description="Build, test and look at Redoubt.", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    subs = parser.add_subparsers(dest="command", metavar="command", required=True)
    for info in sorted(pkgutil.iter_modules(commands.__path__), key=lambda i: i.name):
        _add_command(subs, info.name)
    args = parser.parse_args(argv)
    try:
        _prepare(args.needs)
        return args.run(args) or 0
    except RdError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


def _add_command(subs, name: str) -> None:
    module = importlib.import_module(f"rd.commands.{name}")
    sub = subs.add_parser(name.replace("_", "-"), help=module.HELP, description=module.DESCRIPTION,
                          formatter_class=argparse.RawDescriptionHelpFormatter)
    if hasattr(module, "arguments"):
        module.arguments(sub)
    sub.set_defaults(run=module.run, needs=getattr(module, "NEEDS", ()))


def _prepare(needs: tuple[str, ...]) -> None:
    if "setup" in needs or "fetch" in needs:
        from rd import setup
        setup.ensure()
    if "fetch" in needs:
        from rd import fetch
        fetch.ensure()
