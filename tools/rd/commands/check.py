# SPDX-License-Identifier: Apache-2.0
from checks import elf_gates, ratchet
from rd import build, check, paths, unit_tests

HELP = "static checks, gates on the linked hypervisor, and unit tests"
DESCRIPTION = """Licence lines, arrows between rooms, size of files and functions, purity of core and vgic, formatting; then core and
vgic as LLVM bitcode of the hypervisor's own flags: no recursion, indirect call, assembly, heap, floating point, global
state or pointer made from an integer, no call but to the listed functions; then the linked redoubt.elf: no writable code, nothing undefined, no FP/SIMD, indirect branches and system instructions only
where listed, no recursion, stack depth, barriers after ERET; then the native unit tests.
Lists of exceptions are in tools/checks/allow. They may only shrink; a longer one needs a decision record."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("--bless", action="store_true",
                        help="write the lists anew from the present state: system instructions, shrunken long files, stack depth")
    parser.add_argument("--static", action="store_true", help="without the unit tests")


def run(args) -> int:
    if args.bless:
        ratchet.bless(paths.ROOT)
        elf_gates.bless(build.preset("el2") / build.ELF, paths.ROOT)
    tally = check.run_static()
    units = unit_tests.Tally(0, 0) if args.static else unit_tests.run([])
    failed = tally.failed + units.failed
    print(f"{tally.passed + units.passed} passed, {failed} failed")
    return 1 if failed else 0
