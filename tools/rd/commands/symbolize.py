# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

from rd import build, paths, symbolize
from rd.log import RdError

HELP = "explain the addresses in an EL2 log"
DESCRIPTION = """Reads a log (a file of build/logs, or standard input) and writes it with function and source line below
each EL2 back-trace entry ("el2: #0 0x..."). Give --elf if the log comes from another build."""


def arguments(parser) -> None:
    parser.add_argument("log", nargs="?", type=Path, help="log file; without it standard input")
    parser.add_argument("--elf", type=Path, default=paths.BUILD / "el2" / build.ELF)


def run(args) -> int:
    if not args.elf.exists():
        raise RdError(f"{paths.shown(args.elf)} does not exist (run ./rd build)")
    text = args.log.read_text(errors="replace").splitlines() if args.log else sys.stdin
    for line in symbolize.lines(text, args.elf):
        print(line)
    return 0
