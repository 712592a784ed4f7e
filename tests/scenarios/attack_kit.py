# SPDX-License-Identifier: Apache-2.0
import re

from rd import linux_guest
from rd.host import Host, add_tools

NAME = "every attack a compromised host can make on a protected VM is defended, and no VM notices anything"
TIMEOUT = 900

# A Linux guest beside the victim: a process of its looks at its locked memory each second while the attacks go on.
BYSTANDER = """pattern_watch 32 0 >/tmp/pattern & watcher=$!
until grep -q intact /tmp/pattern; do sleep 1; done
echo "guest watches"
read typed
cat /tmp/pattern; kill $watcher || echo "pattern DAMAGED"
"""


def start_bystander(host: Host) -> None:
    host.shell("mkfifo /tmp/keys; (exec sleep 10000 >/tmp/keys) & :")
    host.start_vm("bystander", "--protected --kernel /Image-7 --initrd /guest-7.cpio --memory 192M --cmdline quiet", "/tmp/keys")
    host.vm_says("bystander", "^guest watches", 120)


def bystander_was_left_alone(host: Host) -> None:
    host.shell("echo go >/tmp/keys")
    code, log = host.vm_ends("bystander"), host.vm_log("bystander")
    rounds = [int(n) for n in re.findall(r"^pattern intact after (\d+) rounds", log, re.M)]
    assert code == 0 and "DAMAGED" not in log and rounds and rounds[-1] >= 10, f"exit code {code}\n{log}"


def attack(host: Host) -> None:
    console = host.console
    console.send("redoubt attack --payload /secret.bin; echo rd_attack=$?")
    status = console.wait(r"^rd_attack=(\d+)", timeout=TIMEOUT - 200).group(1)
    failures = re.findall(r"^(?:HOLE|CONTROL FAILED) .*\r?\n.*", console.text, re.M)
    assert not failures and status == "0", f"exit code {status}\n" + "\n".join(failures)
    counts = re.search(r"(\d+) attacks defended, 0 holes, (\d+) controls work, 0 controls failed, (\d+) skipped", console.text)
    assert counts and int(counts[1]) >= 75 and int(counts[2]) >= 15 and int(counts[3]) == 0, counts and counts[0]
    console.absent(r"Oops|WARNING: CPU|Call trace|PANIC at EL2")


def run(rig) -> None:
    tree = rig.host_initramfs("insmod /lib/redoubt_attack.ko\nulimit -l unlimited")
    add_tools(tree)
    tree.file("lib/redoubt_attack.ko", rig.module("6.12", "redoubt_attack"))
    tree.file("secret.bin", rig.payload("guest-secret.bin"))
    tree.file("Image-7", rig.kernel("7").image)
    tree.file("guest-7.cpio", linux_guest.initramfs(rig, "7", BYSTANDER, programs=(rig.program("pattern_watch"),)))
    # Less memory makes the scans of all of it shorter and leaves nothing out.
    with rig.start(rig.machine(tree, smp=2, memory="1G", fatal=())) as console:
        host = Host.up(console)
        start_bystander(host)
        attack(host)
        bystander_was_left_alone(host)
        host.shell("rmmod redoubt_attack")
        host.power_off()
