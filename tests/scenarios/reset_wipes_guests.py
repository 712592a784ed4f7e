# SPDX-License-Identifier: Apache-2.0
import re

NAME = "a reset of the machine, orderly or not, leaves nothing of a running guest in its memory"
TIMEOUT = 900
SLOW = True  # with --all, until it has been seen to pass in full on a quiet machine

# How the machine is reset under the running guest: by the kernel at once, by its emergency key, or from outside, when
# neither kernel nor hypervisor is asked.
RESETS = ("reboot -f", "echo b > /proc/sysrq-trigger", None)


def find(host, pattern: str, wanted: bool) -> None:
    """Search all RAM of the host for the secret of that pattern."""
    answer = host.shell(f"redoubt attack --scan-for {pattern}; echo found=$?", timeout=200)
    assert re.search(r"^found=(\d)", answer, re.M)[1] == ("1" if wanted else "0"), answer


def start_guest(host, options: str, log: str) -> str:
    """Start the payload in the background; answers the pattern of its secret once the guest verified it."""
    host.shell(f"(redoubt run {options} --memory 32M --kernel /secret.bin --cmdline seconds=1000 --console {log} </dev/null &)")
    host.shell(f"until grep -q 'secret intact' {log}; do sleep 0.2; done", timeout=60)
    return re.search(r"secret pattern (0x[0-9a-f]+)", host.shell(f"cat {log}"))[1]


def reset_under_guest(host, how: str | None) -> None:
    pattern = start_guest(host, "--protected", "/tmp/guest")
    find(host, pattern, wanted=False)
    if how is None:
        host.monitor.command("system_reset")
    else:
        host.send(how)
    host.wait(r"^redoubt: .*entering the host at EL1", timeout=120)  # the prompt before the reset is still to come, too
    host.wait(r"^# ", timeout=120)
    find(host, pattern, wanted=False)


def run(rig) -> None:
    tree = rig.host_initramfs("insmod /lib/redoubt_attack.ko\nulimit -l unlimited")
    tree.file("lib/redoubt_attack.ko", rig.module("6.12", "redoubt_attack"))
    tree.file("secret.bin", rig.payload("guest-secret.bin"))
    with rig.start(rig.machine(tree, smp=2, memory="1G", reboot=True)) as host:
        host.wait(r"^# ", timeout=60)
        # The search finds what is there: the secret of a guest that is not protected.
        find(host, start_guest(host, "", "/tmp/ordinary"), wanted=True)
        host.shell("killall redoubt")
        for how in RESETS:
            reset_under_guest(host, how)
        host.send("poweroff -f")
        assert host.wait_exit() == 0
