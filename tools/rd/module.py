# SPDX-License-Identifier: Apache-2.0
"""Building our kernel modules for a stock Debian kernel: redoubt.ko and redoubt_attack.ko.

kbuild writes its objects beside the sources, so it gets a mirror of the rooms that a module is made of: real folders
holding links to the files, build/module/<series>/. There the top-level Kbuild is the one named in KBUILDS, and every path in
it is written from the root of the tree (module/main.o, kvm/exits.o). make passes:
  RD_CXX, RD_CXXFLAGS   the C++ compiler and the flags that make its objects fit into a kernel module
"""
import os
from pathlib import Path

from rd import kernels, paths, proc, toolchain
from rd.kernels import Kernel
from rd.log import RdError, say

KBUILDS = {"redoubt": "module/Kbuild", "redoubt_attack": "module/attack/Kbuild"}
ROOMS = ("module", "kvm", "vgic", "base", "abi", "arch/arm64_defs")

# Kernel code: no FP registers, no red zone of exceptions or RTTI, the kernel's own pointer authentication and BTI scheme.
# Dynamic initialisers would never run in a module, so global constructors are an error.
CXXFLAGS = """--target=aarch64-linux-gnu -march=armv8-a -std=c++23 -ffreestanding -fno-exceptions -fno-rtti
    -fno-threadsafe-statics -fno-use-cxa-atexit -mgeneral-regs-only -mno-outline-atomics -fno-stack-protector -fno-pic -fno-pie
    -mbranch-protection=pac-ret+bti -mcmodel=small -ffixed-x18 -O2 -g -fno-asynchronous-unwind-tables -fno-unwind-tables
    -ftrivial-auto-var-init=zero -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Wframe-larger-than=1024
    -Wglobal-constructors -Wthread-safety -Werror""".split()


def build(series: str, root: Path = paths.ROOT, out: Path | None = None, quiet: bool = True, name: str = "redoubt") -> Path:
    """Build a module of the tree `root` for a kernel series; answers the path of the .ko."""
    kernel = kernels.get(series)
    mirror = out or paths.BUILD / "module" / (series if name == "redoubt" else f"{series}-{name}")
    _mirror(root, mirror, root / KBUILDS[name])
    say(f"{name}.ko for {kernel.release}")
    proc.run(["make", "-C", kernel.headers, f"M={mirror}", f"-j{os.cpu_count() or 2}", *_variables(mirror), "modules"],
             quiet=quiet, what=f"building the kernel module for {kernel.release}")
    built = sorted(mirror.glob("*.ko"))
    if len(built) != 1:
        raise RdError(f"expected one kernel module, kbuild made {[b.name for b in built]}")
    _check_release(built[0], kernel)
    return built[0]


def _variables(mirror: Path) -> list[str]:
    """What a compiler other than the kernel's own needs: no flag it does not know, no ftrace patch sites, no BTF."""
    return [f"CC=aarch64-linux-gnu-gcc-{toolchain.cross_gcc()}",
            "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=", "CONFIG_DEBUG_INFO_BTF=", "CONFIG_DEBUG_INFO_BTF_MODULES=",
            "RD_CXX=clang++-19", f"RD_CXXFLAGS={' '.join(CXXFLAGS)} -I{mirror}"]


def _mirror(root: Path, mirror: Path, kbuild: Path) -> None:
    """Bring the mirror up to date: links to every source, and no link to a source that is gone."""
    mirror.mkdir(parents=True, exist_ok=True)
    wanted = {"Kbuild": kbuild}
    for room in ROOMS:
        for source in (root / room).rglob("*"):
            if source.is_file() and not source.name.endswith("_test.cpp"):
                wanted[str(source.relative_to(root))] = source
    for old in mirror.rglob("*"):
        if old.is_symlink() and str(old.relative_to(mirror)) not in wanted:
            old.unlink()
    for name, source in wanted.items():
        link = mirror / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not (link.is_symlink() and link.readlink() == source):
            link.unlink(missing_ok=True)
            link.symlink_to(source)


def _check_release(module: Path, kernel: Kernel) -> None:
    if f"vermagic={kernel.release} ".encode() not in module.read_bytes():
        raise RdError(f"{module} was not built for {kernel.release}")
