# SPDX-License-Identifier: Apache-2.0
"""The arm64 sysroot for our hosted arm64 programs: Debian's own libraries of the build machine's release."""
import shutil
from pathlib import Path

from rd import paths, proc, toolchain
from rd.apt import PrivateApt
from rd.log import say

LIBRARIES = """
    libc6-dev libcrypt-dev linux-libc-dev libfdt-dev libseccomp-dev liburing-dev libcap-ng-dev zlib1g-dev libssl-dev
    libcli11-dev nlohmann-json3-dev libfmt-dev libspdlog-dev
""".split()


def home() -> Path:
    return paths.cache() / "sysroot"


def fetch(apt: PrivateApt, cache: Path) -> dict[str, str]:
    """Unpack the libraries and the C++ runtime that fits the cross compiler; answers package -> version."""
    gcc = toolchain.cross_gcc()
    packages = [*LIBRARIES, f"libstdc++-{gcc}-dev", f"libgcc-{gcc}-dev"]
    say(f"arm64 sysroot: {len(packages)} packages")
    stage = cache / "sysroot.part"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    record = {}
    for package in packages:
        proc.run(["dpkg-deb", "-x", apt.download(package, cache / "debs"), stage], what=f"unpacking {package}")
        record[package] = apt.candidate(package) or "unknown"
    shutil.rmtree(stage / "usr/share/doc", ignore_errors=True)
    shutil.rmtree(cache / "sysroot", ignore_errors=True)
    stage.rename(cache / "sysroot")
    return record
