# SPDX-License-Identifier: Apache-2.0
"""Private apt configurations: other suites and architectures without touching the user's system.

The mirror is always the one the user already configured, as told by `apt-get indextargets`."""
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from rd import proc
from rd.log import RdError, note, say

KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp")


@dataclass(frozen=True)
class Mirrors:
    main: str
    security: str | None


def debian_codename() -> str:
    fields = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    codename = fields.get("VERSION_CODENAME", "").strip('"')
    if fields.get("ID", "").strip('"') != "debian" or not codename:
        raise RdError("this developer environment supports Debian 12 and 13 (VERSION_CODENAME not found in /etc/os-release)")
    return codename


def mirrors() -> Mirrors:
    """The Debian archive and its security archive, from the user's own sources."""
    codename = debian_codename()
    rows = proc.capture(["apt-get", "indextargets", "--format", "$(CODENAME) $(RELEASE) $(REPO_URI)", "Created-By: Packages"])
    main = security = None
    for row in rows.splitlines():
        suite_a, suite_b, uri = (row.split() + ["", "", ""])[:3]
        if codename in (suite_a, suite_b):
            main = main or uri
        if f"{codename}-security" in (suite_a, suite_b):
            security = security or uri
    if main is None:
        raise RdError(f"no apt source for {codename} is configured; add your Debian mirror to /etc/apt and try again")
    return Mirrors(main, security)


class PrivateApt:
    """apt with its own sources, lists and cache below `home`.

    With `arch` it also has an empty package database of that architecture: nothing of the system is seen.
    Without `arch` it looks at the system's own packages."""

    def __init__(self, home: Path, suites: list[str], arch: str | None = None):
        self.home, self.suites, self.arch = home, suites, arch
        for sub in ("lists/partial", "cache/archives/partial"):
            (home / sub).mkdir(parents=True, exist_ok=True)
        (home / "status").touch()

    def options(self) -> list[str]:
        home = self.home
        opts = {"Dir::Etc::SourceList": home / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
                "Dir::State::Lists": home / "lists", "Dir::Cache::pkgcache": home / "pkgcache.bin",
                "Dir::Cache::srcpkgcache": home / "srcpkgcache.bin",
                "Acquire::Languages": "none", "Acquire::Retries": "3", "DPkg::Lock::Timeout": "600"}
        if self.arch:
            opts |= {"Dir::State": home, "Dir::State::status": home / "status", "Dir::Cache": home / "cache",
                     "APT::Architecture": self.arch}
        if os.geteuid() == 0:
            opts["APT::Sandbox::User"] = "root"
        flat = [f"-o{key}={value}" for key, value in opts.items()]
        return flat + ([f"-oAPT::Architectures::={a}" for a in (self.arch, "amd64")] if self.arch else [])

    def update(self) -> None:
        """Read the package lists of our suites (network)."""
        mirror, keyring = mirrors(), next((k for k in KEYRINGS if Path(k).exists()), None)
        if keyring is None:
            raise RdError("the Debian archive keyring is missing: apt-get install debian-archive-keyring")
        lines = []
        for suite in self.suites:
            uri = mirror.security if suite.endswith("-security") else mirror.main
            if uri:
                lines.append(f"deb [signed-by={keyring}] {uri} {suite} main\n")
        (self.home / "sources.list").write_text("".join(lines))
        say(f"reading package lists: {', '.join(self.suites)}")
        proc.run(["apt-get", *self.options(), "-qq", "update"], quiet=True, what="apt-get update")

    def names(self, pattern: str) -> list[str]:
        """Names of packages (any of our architectures) that match a regular expression."""
        out = proc.capture(["apt-cache", *self.options(), "search", "--names-only", pattern])
        return sorted({line.split(" - ")[0] for line in out.splitlines() if line})

    def candidate(self, package: str) -> str | None:
        """The version that would be taken, or None."""
        out = proc.capture(["apt-cache", *self.options(), "policy", package])
        found = re.search(r"^  Candidate: (\S+)$", out, re.M)
        return found.group(1) if found and found.group(1) != "(none)" else None

    def download(self, package: str, into: Path) -> Path:
        """Fetch one package (name[:arch][=version]); answers the path of the .deb."""
        into.mkdir(parents=True, exist_ok=True)
        uri = proc.capture(["apt-get", *self.options(), "download", "--print-uris", package]).split()
        if len(uri) < 3:
            raise RdError(f"package {package}: not found in {', '.join(self.suites)}")
        target, size = into / uri[1], int(uri[2])
        if not (target.exists() and target.stat().st_size == size):
            note(f"downloading {package} ({size / 1e6:.1f} MB)")
            started = time.monotonic()
            proc.run(["apt-get", *self.options(), "-qq", "download", package], cwd=into, quiet=True, what=f"download of {package}")
            if size > 5_000_000:
                note(f"  done in {time.monotonic() - started:.0f} s")
        return target
