# SPDX-License-Identifier: Apache-2.0
"""Static checks over the tree and gates on the linked hypervisor."""
from checks import abi_page, barriers, bitcode_rooms, elf_gates, formatting, includes, museum, provable, ratchet, self_test, spdx, watched
from rd import build, paths, reproduce
from rd.log import RdError, say
from rd.unit_tests import Tally

SOURCE_CHECKS = (self_test, spdx, includes, ratchet, provable, watched, abi_page, museum, formatting)


def run_static() -> Tally:
    """All checks; one line each on the terminal, with what is wrong below it."""
    say("static checks")
    results = [(check.NAME, check.problems(paths.ROOT)) for check in SOURCE_CHECKS]
    results += elf_results()
    for name, found in results:
        print(f"{'FAIL' if found else 'ok  '} {name}", flush=True)
        for problem in found:
            print(f"     {problem}", flush=True)
    bad = sum(1 for _, found in results if found)
    return Tally(len(results) - bad, bad)


def elf_results() -> list[tuple[str, list[str]]]:
    """(gate, problems) for redoubt.elf."""
    try:
        elf = build.preset("el2") / build.ELF
    except RdError as error:
        return [("hypervisor builds", [str(error)])]
    if not elf.exists():
        return [("hypervisor builds", [f"preset el2 makes no {build.ELF}"])]
    return [*bitcode_rooms.results(elf.parent, paths.ROOT), *elf_gates.results(elf, paths.ROOT), *barriers.results(elf, paths.ROOT),
            ("the same sources make the same image", reproduce.problems(elf.parent / build.IMAGE))]
