# SPDX-License-Identifier: Apache-2.0
"""The packages of the build machine. Idempotent: with everything installed it is one dpkg query."""
import os
import re
import shutil

from rd import paths, proc
from rd.apt import PrivateApt, debian_codename
from rd.log import RdError, note, say

PACKAGES = """
    git clang-19 lld-19 llvm-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev libc6-dev-arm64-cross g++
    ninja-build cmake device-tree-compiler libfdt-dev libgtest-dev libcli11-dev nlohmann-json3-dev
    libfmt-dev libspdlog-dev cpio bc flex bison make libssl-dev libelf-dev libseccomp-dev liburing-dev libcap-ng-dev zlib1g-dev dpkg-dev python3 xz-utils zstd
""".split()
PROVER_PACKAGES = ["llvm-19-dev", "libz3-dev"]   # ./rd prove alone
QEMU = "qemu-system-arm"
QEMU_MINIMUM = 10


def ensure() -> None:
    """Install what is missing; say so first. Raises RdError with what to do if it cannot."""
    codename = debian_codename()
    missing = _missing([*PACKAGES, cross_gxx_package(codename)])
    old_qemu = (qemu_major() or 0) < QEMU_MINIMUM
    if not missing and not old_qemu:
        return
    from_backports = [QEMU] if old_qemu and codename == "bookworm" else []
    if old_qemu and not from_backports:
        missing.append(QEMU)
    say("this machine lacks packages; installing: " + " ".join(missing + [f"{p} (backports)" for p in from_backports]))
    _install(codename, missing, from_backports)
    _verify(codename)


def ensure_packages(packages: list[str]) -> None:
    """Install what is missing of these, from the machine's own release."""
    if missing := _missing(packages):
        say("this machine lacks packages; installing: " + " ".join(missing))
        _install(debian_codename(), missing, [])
    if missing := _missing(packages):
        raise RdError(f"setup incomplete: missing {missing}")


def cross_gxx_package(codename: str) -> str:
    """The default g++ of the release for arm64: its C++ headers are what we compile against."""
    return {"bookworm": "g++-12-aarch64-linux-gnu", "trixie": "g++-14-aarch64-linux-gnu"}.get(codename, "g++-aarch64-linux-gnu")


def qemu_major() -> int | None:
    if not shutil.which("qemu-system-aarch64"):
        return None
    found = re.search(r"version (\d+)\.", proc.capture(["qemu-system-aarch64", "--version"], check=False))
    return int(found.group(1)) if found else None


def _missing(packages: list[str]) -> list[str]:
    rows = proc.capture(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages], check=False)
    have = {row.split()[0] for row in rows.splitlines() if row.endswith(" installed")}
    return [p for p in packages if p not in have]


def _install(codename: str, plain: list[str], backports: list[str]) -> None:
    suites = [codename, f"{codename}-updates", f"{codename}-security"]
    apt = PrivateApt(paths.cache() / "apt-system", suites + ([f"{codename}-backports"] if backports else []))
    apt.update()
    root = os.geteuid() == 0
    base = [*_root_prefix(), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *apt.options(),
            "-qq", "-y", "--no-install-recommends"]
    if plain:
        note("installing packages of your release (your apt sources stay as they are)")
        proc.run([*base, "install", *plain], quiet=root, terminal=not root, what="apt-get install")
    if backports:
        note(f"installing {' '.join(backports)} from {codename}-backports")
        proc.run([*base, "-t", f"{codename}-backports", "install", *backports], quiet=root, terminal=not root,
                 what="apt-get install from backports")


def _root_prefix() -> list[str]:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        return ["sudo"]
    raise RdError("installing packages needs root and there is no sudo: run './rd setup' once as root")


def _verify(codename: str) -> None:
    still = _missing([*PACKAGES, cross_gxx_package(codename)])
    major = qemu_major()
    if still or (major or 0) < QEMU_MINIMUM:
        raise RdError(f"setup incomplete: missing {still or 'nothing'}, QEMU {major or 'absent'} (need {QEMU_MINIMUM} or newer)")
    say(f"setup complete (QEMU {major})")
