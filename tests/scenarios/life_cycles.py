# SPDX-License-Identifier: Apache-2.0
import random
import re

from rd import linux_guest, payloads
from rd.host import Host

NAME = "VMs come and go, killed at any moment, and every page comes back wiped"
TIMEOUT = 1800

SEED = 20251
CYCLES, KILLS, LINUX_CYCLES, WARM_UP = 100, 50, 3, 8
LONGEST_MS = 1500
TOLERATED_KIB = 2048
RAM_START, RAM_BYTES = 0x4000_0000, 1 << 30

# cycles N OPTIONS...: N whole lives; the kind alternates between ordinary and protected.
CYCLES_TEXT = """#!/bin/sh
n=$1; shift; failed=0
for i in $(seq $n); do
    [ $((i % 2)) = 0 ] && kind= || kind=--protected
    redoubt run $kind "$@" </dev/null >/tmp/cycle.log 2>&1 || { failed=$((failed + 1)); tail -n 3 /tmp/cycle.log; }
done
echo "cycles failed: $failed"
"""
# kills MS...: one protected VM for each number, killed that many milliseconds after its start.
KILLS_TEXT = """#!/bin/sh
for ms in "$@"; do
    redoubt run --protected --kernel /guest-secret.bin --memory 32M --cpus 2 --cmdline seconds=10000 </dev/null >/tmp/kill.log 2>&1 &
    pid=$!; usleep ${ms}000; kill -9 $pid; wait $pid
done 2>/dev/null
for i in $(seq 50); do [ "$(cat /sys/kernel/redoubt/vms)" = 0 ] && break; usleep 100000; done
echo "kills done"
"""


def available_kib(host: Host) -> int:
    """MemAvailable and what each CPU keeps for itself: tens of MiB that MemAvailable leaves out and that come and go."""
    host.shell("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 1; echo 3 >/proc/sys/vm/drop_caches")
    available = int(re.search(r"MemAvailable:\s+(\d+)", host.shell("cat /proc/meminfo"))[1])
    kept = re.findall(r"^\s+count:\s+(\d+)", host.shell("cat /proc/zoneinfo"), re.M)
    assert kept, "/proc/zoneinfo names no page that a CPU keeps"
    return available + sum(map(int, kept)) * 4


def whole_lives(host: Host, count: int, options: str, timeout: float) -> None:
    said = host.shell(f"cycles {count} {options}", timeout)
    assert "cycles failed: 0" in said, said


def dead_guest_leaves_nothing(host: Host) -> None:
    """Looks from outside at all RAM: the secret is there while the guest lives, and nowhere once it was killed."""
    host.start_vm("secret", "--protected --kernel /guest-secret.bin --memory 16M --cmdline seconds=10000")
    pattern = int(host.vm_says("secret", r"secret pattern 0x([0-9a-f]+) at")[1], 16)
    host.vm_says("secret", "secret intact")
    words = payloads.secret_words(pattern)
    alive = host.console.monitor.memory(RAM_START, RAM_BYTES).count(words)
    assert alive >= 32768, f"the secret stands only {alive} times in RAM while the guest runs"
    host.shell("kill -9 $(cat /tmp/secret.pid)")
    host.vm_ends("secret")
    host.shell("for i in $(seq 50); do [ $(cat /sys/kernel/redoubt/vms) = 0 ] && break; usleep 100000; done")
    dead = host.console.monitor.memory(RAM_START, RAM_BYTES).count(words)
    assert dead == 0, f"{dead} copies of a dead guest's secret are left in RAM"


def run(rig) -> None:
    moments = random.Random(SEED)
    tree = rig.host_initramfs("ulimit -l unlimited")
    payloads.add_to(tree, rig)
    tree.file("bin/cycles", CYCLES_TEXT.encode(), 0o755)
    tree.file("bin/kills", KILLS_TEXT.encode(), 0o755)
    tree.file("Image-7", rig.kernel("7").image)
    tree.file("guest-7.cpio", linux_guest.initramfs(rig, "7", ""))
    with rig.start(rig.machine(tree, memory="1G")) as console:
        host = Host.up(console)
        hello = "--kernel /guest-hello.bin --memory 32M --cpus 2"
        linux = "--kernel /Image-7 --initrd /guest-7.cpio --memory 256M --cmdline quiet"
        whole_lives(host, WARM_UP, hello, 120)
        host.shell(f"kills {' '.join(str(moments.randrange(LONGEST_MS)) for _ in range(2))}")
        whole_lives(host, 1, linux, 240)
        before, free = host.counters(), available_kib(host)
        whole_lives(host, CYCLES, hello, 600)
        for _ in range(KILLS // 10):
            host.shell(f"kills {' '.join(str(moments.randrange(LONGEST_MS)) for _ in range(10))}", 200)
        whole_lives(host, LINUX_CYCLES, linux, 600)
        dead_guest_leaves_nothing(host)
        after, still_free = host.counters(), available_kib(host)
        assert after == before, f"counters before {before}, after {after}"
        assert free - still_free <= TOLERATED_KIB, f"{free} KiB were available, {still_free} KiB are"
        host.check_clean()
        host.power_off()
