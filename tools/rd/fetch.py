# SPDX-License-Identifier: Apache-2.0
"""What we test with and link against, from Debian, kept in a cache: two stock arm64 kernels with their headers,
busybox, and the arm64 libraries. What was taken is recorded in versions.json; with that file in place no network is used."""
import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rd import kernels, paths, proc, sysroot
from rd.apt import PrivateApt, debian_codename
from rd.log import RdError, say

RECIPE = 2  # raised when what is unpacked, or how, changes: the cache is then refreshed

KERNEL_SUITES = ["trixie", "trixie-security", "trixie-backports"]


def versions() -> dict:
    """The record of what the cache holds ({} when it is not complete)."""
    try:
        record = json.loads((paths.cache() / "versions.json").read_text())
    except (OSError, ValueError):
        return {}
    return record if (record.get("recipe"), record.get("system")) == (RECIPE, debian_codename()) else {}


def ensure(update: bool = False) -> None:
    """Fill the cache if it is not complete; with update, look for newer versions."""
    if versions() and not update:
        return
    with _lock():
        if versions() and not update:
            return
        _fetch()


@contextmanager
def _lock() -> Iterator[None]:
    paths.cache().mkdir(parents=True, exist_ok=True)
    with open(paths.cache() / "lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another ./rd that fills the cache")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetch() -> None:
    cache = paths.cache()
    say(f"fetching kernels and libraries from Debian into {cache} (about 200 MB, once)")
    apt = PrivateApt(cache / "apt-arm64", KERNEL_SUITES, arch="arm64")
    apt.update()
    record: dict = {"recipe": RECIPE, "system": debian_codename(), "kernels": {}}
    for series in kernels.SERIES:
        record["kernels"][series] = kernels.fetch(apt, series, cache)
    record["busybox"] = _busybox(apt, cache)
    kernels.fetch_build_libc(apt, cache)
    codename = debian_codename()
    local = PrivateApt(cache / "apt-sysroot", [codename, f"{codename}-updates", f"{codename}-security"], arch="arm64")
    local.update()
    record["sysroot"] = sysroot.fetch(local, cache)
    partial = cache / "versions.json.part"
    partial.write_text(json.dumps(record, indent=2) + "\n")
    partial.replace(cache / "versions.json")
    for scratch in ("debs", "apt-arm64", "apt-sysroot"):
        shutil.rmtree(cache / scratch, ignore_errors=True)
    say("fetch complete: kernels " + ", ".join(k["release"] for k in record["kernels"].values()))


def _busybox(apt: PrivateApt, cache: Path) -> str:
    stage = cache / "busybox.part"
    shutil.rmtree(stage, ignore_errors=True)
    proc.run(["dpkg-deb", "-x", apt.download("busybox-static", cache / "debs"), stage])
    found = [p for p in (stage / "usr/bin/busybox", stage / "bin/busybox") if p.exists()]
    if not found:
        raise RdError("package busybox-static holds no busybox")
    shutil.copy2(found[0], cache / "busybox")
    shutil.rmtree(stage)
    return apt.candidate("busybox-static") or "unknown"
