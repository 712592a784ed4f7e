# SPDX-License-Identifier: Apache-2.0
"""Building: CMake presets, the kernel module, and the image that a boot loader starts."""
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from rd import arrows, kernels, module, pack, paths, proc
from rd.log import RdError, say

PRESETS = ("native", "el2", "arm64")
IMAGE = "redoubt.img"
ELF = "redoubt.elf"


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Two ./rd at once must not build in the same folder."""
    paths.BUILD.mkdir(exist_ok=True)
    with open(paths.BUILD / f".{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@cache
def preset(name: str) -> Path:
    """Configure and build one preset once per run of ./rd; answers its build folder."""
    say(f"building preset {name}")
    with lock(name):
        proc.run(["cmake", "--preset", name], cwd=paths.ROOT, quiet=True, what=f"configuring preset {name}")
        proc.run(["cmake", "--build", "--preset", name], cwd=paths.ROOT, quiet=True, what=f"building preset {name}")
    return paths.BUILD / name


def room(name: str, presets: tuple[str, ...] = PRESETS) -> None:
    """Build and unit-test one room together with the rooms it may include, and no others, in build/rooms/<room>/<preset>."""
    name = name.strip("/")
    if not (paths.ROOT / name / "CMakeLists.txt").exists():
        raise RdError(f"{name} is no room: it has no CMakeLists.txt")
    rooms = ";".join(arrows.closure(name))
    for each in presets:
        folder = paths.BUILD / "rooms" / name.replace("/", "_") / each
        say(f"building {name} in preset {each}")
        with lock(f"{name.replace('/', '_')}-{each}"):
            proc.run(["cmake", "--preset", each, "-B", folder, f"-DRD_ROOMS={rooms}"], cwd=paths.ROOT, quiet=True,
                     what=f"configuring {name} for preset {each}")
            proc.run(["cmake", "--build", folder, "-j2"], quiet=True, what=f"building {name} in preset {each}")
            if each == "native":
                proc.run(["ctest", "--test-dir", folder, "-L", f"^{name}$", "--output-on-failure", "--no-tests=ignore"],
                         quiet=True, what=f"unit tests of {name}")


@cache
def kernel_module(series: str, name: str = "redoubt") -> Path:
    with lock(f"module-{series}"):
        return module.build(series, name=name)


@cache
def packed_image(series: str) -> Path:
    """redoubt.img and a stock host kernel in one file, ready for a boot loader."""
    image = preset("el2") / IMAGE
    if not image.exists():
        raise RdError(f"preset el2 makes no {IMAGE} yet: there is no hypervisor to pack")
    return pack.pack(image, kernels.get(series).image, paths.BUILD / f"redoubt-{series}.img")


@cache
def oracle_image() -> Path:
    """The hypervisor for debugging: every call of core judged by the specification. Nothing else builds it."""
    folder = preset("el2")
    say("building the hypervisor for debugging")
    with lock("el2"):
        proc.run(["cmake", "--build", folder, "--target", "redoubt-oracle.elf", "-j2"], quiet=True, what="building redoubt-oracle.img")
    return folder / "redoubt-oracle.img"


@cache
def packed_oracle_image(kernel: Path) -> Path:
    """The same and a host kernel in one file."""
    return pack.pack(oracle_image(), kernel, paths.BUILD / f"redoubt-oracle-{kernel.stem}.img")


@cache
def program(name: str) -> Path:
    """A statically linked arm64 Linux program of ours, without its debug information: emulated machines unpack slowly."""
    made = _made(preset("arm64"), name)
    stripped = made.parent / "stripped" / name
    stripped.parent.mkdir(exist_ok=True)
    proc.run(["llvm-strip-19", "-o", stripped, made], what=f"stripping {name}")
    return stripped


def payload(name: str) -> Path:
    """A bare-metal guest or other freestanding image of ours."""
    return _made(preset("el2"), name)


def _made(folder: Path, name: str) -> Path:
    for found in (folder / name, folder / "guest" / name):
        if found.exists():
            return found
    raise RdError(f"{paths.shown(folder)} holds no {name}")
