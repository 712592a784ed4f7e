# SPDX-License-Identifier: Apache-2.0
"""Stock Linux kernels as guests: the initial RAM file system that makes one show its devices and its memory."""
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from rd.host import Host, add_tools
from rd.initramfs import POWER_OFF, Initramfs
from rd.log import RdError
from rd.rig import Rig

MODULES = ("virtio_mmio", "virtio_blk", "virtio_rng", "vmw_vsock_virtio_transport")

# What every guest says first. A realm kernel prints the RSI line itself.
HELLO = """echo "guest $(uname -r), $(nproc) CPUs"
dmesg | grep -o 'RME: Using RSI version.*'
load_modules
"""

# The disk: what the host wrote, then MIB of random bytes, read back past the cache.
DISK = """echo "disk from host: $(sha256sum </dev/vda)"
dd if=/dev/urandom of=/tmp/content bs=1M count={mib} 2>/dev/null
dd if=/tmp/content of=/dev/vda bs=1M conv=fsync 2>/dev/null
echo "disk written: $(sha256sum </tmp/content)"; rm /tmp/content
echo 3 >/proc/sys/vm/drop_caches
echo "disk read back: $(sha256sum </dev/vda)"
"""

# Memory that nobody may change while all this happens, sockets in both directions, the console, and the two other ways
# in which a guest can end.
REST = """pattern_watch 32 0 >/tmp/pattern & watcher=$!
case "$(cat /proc/cmdline)" in
*end=reset*) reboot -f ;;
*end=panic*) echo c >/proc/sysrq-trigger ;;
esac
{disk}vsock_probe echo-vsock 5000 & server=$!
vsock_probe send-vsock 2 77 300000
echo "guest ready"
read typed; echo "guest read: $typed"
wait $server
tail -n 1 /tmp/pattern; kill $watcher || echo "pattern DAMAGED"
"""
MEMORY = "256M"


def initramfs(rig: Rig, series: str, body: str, then: str = POWER_OFF, programs: tuple[Path, ...] = ()) -> Path:
    """Write the file system of a guest; answers its path."""
    tree = rig.initramfs(HELLO + body, then)
    tree.modules(rig.kernel(series), *MODULES)
    for program in programs:
        tree.program(program)
    return tree.write(rig.folder / f"guest-{series}.cpio")


@dataclass(frozen=True)
class Guest:
    """One VM of the matrix."""
    series: str
    protected: bool
    cpus: int

    def __str__(self) -> str:
        return f"guest {self.series}, {'protected' if self.protected else 'ordinary'}, {self.cpus} CPUs"

    def options(self, disk: str = "", cmdline: str = "quiet") -> str:
        return " ".join([f"--kernel /Image-{self.series} --initrd /guest-{self.series}.cpio --memory {MEMORY} --cpus {self.cpus}",
                         f"--cmdline '{cmdline}'", "--protected" if self.protected else "", f"--disk {disk}" if disk else ""])


def add_to(tree: Initramfs, rig: Rig, all_series: set[str], mib: int) -> None:
    """Give a host what check() needs for guests of these kernels, with a disk of so many MiB."""
    add_tools(tree)
    tree.program(rig.program("vsock_probe"))
    for series in sorted(all_series):
        body = REST.format(disk=DISK.format(mib=mib))
        programs = (rig.program("pattern_watch"), rig.program("vsock_probe"))
        tree.file(f"Image-{series}", rig.kernel(series).image)
        tree.file(f"guest-{series}.cpio", initramfs(rig, series, body, programs=programs))


def check(host: Host, guest: Guest, mib: int) -> None:
    """From its first instruction to power-off: RSI, disk, sockets, console, memory that never changes."""
    host.shell(f"rm -f /tmp/keys /tmp/v*; mkfifo /tmp/keys; dd if=/dev/urandom of=/tmp/disk bs=1M count={mib} 2>/dev/null")
    host.shell("(vsock_probe echo-unix /tmp/v_77 >/tmp/echo.log 2>&1 &)")
    before = host.shell("sha256sum </tmp/disk").split()[0]
    host.shell("(exec sleep 10000 >/tmp/keys) & echo $! >/tmp/keys.pid")
    host.start_vm("linux", guest.options("/tmp/disk") + " --vsock-cid 7 --vsock-socket /tmp/v", stdin="/tmp/keys")
    host.vm_says("linux", rf"guest {guest.series}[^ ]*, {guest.cpus} CPUs", 120)
    host.vm_says("linux", "^guest ready", 240)
    sent = host.shell("vsock_probe send-unix /tmp/v 5000 200000")
    host.shell("echo open sesame >/tmp/keys")
    code = host.vm_ends("linux")
    host.shell("kill $(cat /tmp/keys.pid)")
    log, after = host.vm_log("linux"), host.shell("sha256sum </tmp/disk").split()[0]
    missing = [each for each in wanted(guest, before, after) if not re.search(each, log, re.M)]
    if code != 0 or missing or "echoed 200000 bytes" not in sent or "DAMAGED" in log:
        raise RdError(f"{guest}: VMM exit code {code}, not seen: {missing}, socket: {sent}\n{log}")


def check_endings(host: Host, guest: Guest) -> None:
    """A guest that resets itself and one whose kernel panics: the VMM says which it was."""
    for ending, code, said in (("reset", 3, "guest asked for a reset"), ("panic", 4, "the guest's kernel panicked, by its console: sysrq")):
        found, _ = host.status(f"redoubt run {guest.options(cmdline=f'quiet end={ending}')} </dev/null >/tmp/ending.log 2>&1", 240)
        seen = host.shell(f"grep -c {shlex.quote(said)} /tmp/ending.log", check=False).strip()  # a panic shown here would pass for the host's
        if found != code or seen != "1":
            raise RdError(f"{guest}, {ending}: VMM exit code {found}, expected {code}; '{said}' stands {seen} times in its output")


def wanted(guest: Guest, before: str, after: str) -> list[str]:
    """What the console of a guest must show."""
    rsi = [r"^RME: Using RSI version 1\.\d"] if guest.protected else []
    return [*rsi, f"disk from host: {before}", f"disk written: {after}", f"disk read back: {after}", "echoed 300000 bytes",
            "guest read: open sesame", r"^pattern intact after \d+ rounds"]
