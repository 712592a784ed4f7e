# SPDX-License-Identifier: Apache-2.0
import re

NAME = "every attack a compromised host can make on a protected VM is defended, and the VM notices nothing"
TIMEOUT = 900


def run(rig) -> None:
    tree = rig.host_initramfs("insmod /lib/redoubt_attack.ko\nulimit -l unlimited")
    tree.file("lib/redoubt_attack.ko", rig.module("6.12", "redoubt_attack"))
    tree.file("secret.bin", rig.payload("guest-secret.bin"))
    # Less memory makes the scans of all of it shorter and leaves nothing out.
    with rig.start(rig.machine(tree, smp=2, memory="1G", fatal=())) as host:
        host.wait(r"^# ", timeout=60)
        host.send("redoubt attack --payload /secret.bin; echo rd_attack=$?")
        status = host.wait(r"^rd_attack=(\d+)", timeout=TIMEOUT - 100).group(1)
        failures = re.findall(r"^(?:HOLE|CONTROL FAILED) .*\r?\n.*", host.text, re.M)
        assert not failures and status == "0", f"exit code {status}\n" + "\n".join(failures)
        counts = re.search(r"(\d+) attacks defended, 0 holes, (\d+) controls work, 0 controls failed, (\d+) skipped", host.text)
        assert counts and int(counts[1]) >= 75 and int(counts[2]) >= 15 and int(counts[3]) == 0, counts and counts[0]
        host.absent(r"Oops|WARNING: CPU|Call trace|PANIC at EL2")
        host.shell("rmmod redoubt_attack")
        host.send("poweroff -f")
        assert host.wait_exit() == 0
