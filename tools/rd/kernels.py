# SPDX-License-Identifier: Apache-2.0
"""Stock Debian arm64 kernels: finding the newest of a series, unpacking image, modules and headers."""
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rd import paths, proc
from rd.apt import PrivateApt
from rd.log import RdError, say

# "6.12" is the host of stable Debian (and the LTS of Android 16); "7" is the newest, which can be a protected guest.
SERIES = ("6.12", "7")
FLAVOURS = ("cloud-arm64", "arm64")


@dataclass(frozen=True)
class Kernel:
    """One kernel in the cache."""
    series: str
    release: str   # as `uname -r` prints it

    @property
    def home(self) -> Path:
        return paths.cache() / "kernels" / self.series

    @property
    def image(self) -> Path:
        return self.home / "Image"

    @property
    def modules(self) -> Path:
        return self.home / "modules"

    @property
    def headers(self) -> Path:
        """The directory to give to make -C for out-of-tree modules."""
        return self.home / "usr/src" / f"linux-headers-{self.release}"


def get(series: str) -> Kernel:
    from rd import fetch
    record = fetch.versions().get("kernels", {}).get(series)
    if record is None:
        raise RdError(f"no kernel of series {series} in the cache (have: {', '.join(SERIES)}; run ./rd fetch)")
    return Kernel(series, record["release"])


def fetch(apt: PrivateApt, series: str, cache: Path) -> dict:
    """Unpack the newest complete kernel of a series into cache/kernels/<series>; answers its record."""
    abi, flavour = _newest(apt, series)
    release = f"{abi}-{flavour}"
    say(f"kernel {release}")
    stage = cache / "kernels" / f"{series}.part"
    shutil.rmtree(stage, ignore_errors=True)
    packages = [f"linux-image-{release}", f"linux-headers-{release}", f"linux-headers-{abi}-common", f"linux-kbuild-{abi}:amd64"]
    for package in packages:
        _unpack(apt, package, cache, stage)
    split = ((_image(stage, release), "linux-binary-"), (_below(stage, f"lib/modules/{release}/kernel"), "linux-modules-"),
             (_below(stage, f"lib/modules/{release}/modules.builtin"), "linux-base-"))
    for found, prefix in split:  # newer kernels come in several packages
        if found is None:
            packages.append(prefix + release)
            _unpack(apt, prefix + release, cache, stage)
    home = cache / "kernels" / series
    _arrange(stage, release)
    shutil.rmtree(home, ignore_errors=True)
    stage.rename(home)
    _repair_headers(home, cache)
    version = apt.candidate(f"linux-image-{release}")
    return {"release": release, "flavour": flavour, "version": version, "packages": packages}


def fetch_build_libc(apt: PrivateApt, cache: Path) -> None:
    """The C library the packaged kernel build tools were linked for; newer than that of Debian 12."""
    stage = cache / "build-libc"
    shutil.rmtree(stage, ignore_errors=True)
    _unpack(apt, "libc6:amd64", cache, stage)


def _newest(apt: PrivateApt, series: str) -> tuple[str, str]:
    """(abi name, flavour) of the newest kernel of which image, headers and build tools are all on the mirror."""
    names = set(apt.names(rf"^linux-(image|headers|kbuild)-{re.escape(series)}\."))
    for flavour in FLAVOURS:
        found = [m.group(1) for n in names if (m := re.fullmatch(rf"linux-image-({re.escape(series)}\.[0-9.]+\+deb\d+(?:\.\d+)?)-{flavour}", n))]
        for abi in sorted(found, key=lambda a: [int(x) for x in re.findall(r"\d+", a)], reverse=True):
            if {f"linux-headers-{abi}-{flavour}", f"linux-headers-{abi}-common", f"linux-kbuild-{abi}"} <= names:
                return abi, flavour
    raise RdError(f"no complete arm64 kernel of series {series} on the mirror")


def _unpack(apt: PrivateApt, package: str, cache: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    proc.run(["dpkg-deb", "-x", apt.download(package, cache / "debs"), into], what=f"unpacking {package}")


def _below(stage: Path, name: str) -> Path | None:
    return next((p for p in (stage / name, stage / "usr" / name) if p.exists()), None)


def _image(stage: Path, release: str) -> Path | None:
    return _below(stage, f"boot/vmlinuz-{release}") or _below(stage, f"lib/modules/{release}/vmlinuz")


def _arrange(stage: Path, release: str) -> None:
    image = _image(stage, release)
    modules = _below(stage, f"lib/modules/{release}")
    if image is None or modules is None:
        raise RdError(f"the packages of {release} hold no kernel image or no modules")
    if image.read_bytes()[56:60] != b"ARM\x64":
        raise RdError(f"{image.name} is not a plain arm64 Image")
    image.rename(stage / "Image")
    modules.rename(stage / "modules")


def _repair_headers(home: Path, cache: Path) -> None:
    """Make the packaged headers work below a prefix, and their tools run on an older C library."""
    for makefile in home.glob("usr/src/linux-headers-*/Makefile"):
        if makefile.is_symlink():
            continue
        text = makefile.read_text()
        makefile.write_text(re.sub(r"(?<![\w.])/usr/(src|lib)/linux-", rf"{home}/usr/\1/linux-", text))
    for tool in home.glob("usr/lib/linux-kbuild-*/scripts/**/*"):
        if tool.is_file() and not tool.is_symlink() and tool.read_bytes()[:4] == b"\x7fELF":
            _wrap(tool, cache / "build-libc")


def _wrap(tool: Path, libc: Path) -> None:
    real = tool.with_name(tool.name + ".packaged")
    tool.rename(real)
    tool.write_text(f"""#!/bin/sh
# The tool was linked for a newer C library than this machine may have.
libs=$(dirname "$(find "{libc}" -name libc.so.6 | head -n 1)")
exec "$libs/ld-linux-x86-64.so.2" --argv0 "$0" --library-path "$libs:/usr/lib/x86_64-linux-gnu" "{real}" "$@"
""")
    tool.chmod(0o755)
