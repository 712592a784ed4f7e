# SPDX-License-Identifier: Apache-2.0
"""The comparison of barriers must see one that is missing, moved or new, on any way through a function."""
import subprocess
from pathlib import Path

from checks import barriers
from checks.elf_image import Image

# Two ways through f, one of them with a loop; g never returns; h has nothing to say.
GOOD = """f: cbz x0, 2f
 bl h
1: dc civac, x1
 subs x1, x1, #1
 b.ne 1b
 tbz x2, #3, 3f
 bl g
3: dsb sy
 ret
2: dsb ishst
 bl k
 isb
 b k
.type g, %function
g: dsb nsh
 b g
.type h, %function
h: ret
.type k, %function
k: tlbi alle2
 ret
.type l, %function
l: ldxr w0, [x1]
 stxr w2, w0, [x1]
 cbnz w2, l
4: ldar w0, [x1]
 cbnz w0, 4b
 stlr w0, [x1]
 ret"""
CLAIMS = """# why
f: dc civac; dsb sy
f: dsb ishst; call k; isb; call k
k: tlbi alle2
g: dsb nsh; dsb nsh
l: ldxr; stxr; ldar; stlr
"""
# (in the code, instead)
FAULTS = (("2: dsb ishst\n", "2:\n"), ("dsb ishst", "dsb ish"), ("dsb sy", "isb\n dsb sy"), (" isb\n b k", " b k"), (" bl k\n isb", " isb\n bl k"),
          ("h: ret", "h: isb\n ret"), ("k: tlbi alle2", "k: tlbi alle1"), ("stlr w0", "str w0"), ("4: ldar", "4: ldr"))
LITMUS = "AArch64 t\n{}\n(* code f: ...; dsb sy *)\n(* column P0: f *)\n P0 ;\n DMB SY ;\nexists(true)\n"


def problems(folder: Path) -> list[str]:
    home = folder / barriers.FOLDER
    home.mkdir(parents=True)
    (folder / barriers.LIST).write_text(CLAIMS)
    found = [f"barriers: false alarm: {each}" for each in _judge(folder, GOOD)]
    found += [f"barriers: does not see {new!r} instead of {old!r}" for old, new in FAULTS if not _judge(folder, GOOD.replace(old, new, 1))]
    (folder / barriers.LIST).write_text(CLAIMS.replace("# why\n", ""))
    found += [] if _judge(folder, GOOD) else ["barriers: does not see a claim without a reason"]
    (folder / barriers.LIST).write_text(CLAIMS)
    (home / "t.litmus").write_text(LITMUS)
    return found + ([] if _judge(folder, GOOD) else ["barriers: does not see a test that is not what the code does"])


def _judge(folder: Path, source: str) -> list[str]:
    (folder / "b.S").write_text(f".text\n.globl f\n.type f, %function\n{source}\n")
    subprocess.run(["clang-19", "--target=aarch64-linux-gnu", "-march=armv8-a", "-nostdlib", "-fuse-ld=lld", "-static",
                    "-Wl,-e,f", "-o", "b.elf", "b.S"], cwd=folder, check=True, capture_output=True)
    return barriers.problems(Image(folder / "b.elf"), folder)
