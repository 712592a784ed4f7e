# SPDX-License-Identifier: Apache-2.0
from rd import build, size
from rd.log import RdError

HELP = "size of the hypervisor: code, memory, stack, source"
DESCRIPTION = """Builds redoubt.elf and prints its figures. Source lines are those of every file its objects were compiled from
(headers too), without blank and comment lines."""
NEEDS = ("setup",)


def run(_args) -> int:
    folder = build.preset("el2")
    if not (folder / build.ELF).exists():
        raise RdError(f"preset el2 makes no {build.ELF}")
    figures = size.report(folder, build.ELF)
    for name, value in figures.items():
        if isinstance(value, dict):
            for room, lines in sorted(value.items(), key=lambda item: -item[1]):
                print(f"  {room:24}{lines:>10,}")
        else:
            print(f"{name:26}{value:>10,}")
    return 0
