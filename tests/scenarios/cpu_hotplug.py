# SPDX-License-Identifier: Apache-2.0
from rd import payloads
from rd.host import Host

NAME = "CPUs of the host go off and on, without and with protected VMs, and nothing is lost"
TIMEOUT = 600

ROUNDS = 3


def cycle(host: Host, cpu: int) -> None:
    """One CPU off and on again."""
    online = f"/sys/devices/system/cpu/cpu{cpu}/online"
    before = int(host.shell("cat /sys/kernel/redoubt/cpus_online"))
    host.shell(f"echo 0 >{online}")
    assert int(host.shell("cat /sys/kernel/redoubt/cpus_online")) == before - 1, f"CPU {cpu} is not off for the hypervisor"
    host.shell(f"echo 1 >{online}")
    assert int(host.shell("cat /sys/kernel/redoubt/cpus_online")) == before, f"CPU {cpu} is not back for the hypervisor"


def run(rig) -> None:
    tree = rig.host_initramfs("ulimit -l unlimited")
    payloads.add_to(tree, rig)
    with rig.start(rig.machine(tree, smp=3)) as console:
        host = Host.up(console)
        before = host.counters()
        for cpu in (0, 1, 2):
            cycle(host, cpu)
        assert payloads.run(host, "hello", 2, protected=True) == []
        host.start_vm("secret", "--protected --kernel /guest-secret.bin --memory 16M --cpus 2 --cmdline seconds=10000")
        host.vm_says("secret", "secret intact")
        for _ in range(ROUNDS):
            for cpu in (2, 1, 0):
                cycle(host, cpu)
        # Down to one CPU, shared with the VM that runs, and VMs started there. None of them measures time.
        host.shell("echo 0 >/sys/devices/system/cpu/cpu1/online; echo 0 >/sys/devices/system/cpu/cpu2/online")
        for name in ("memory", "smp"):
            assert payloads.run(host, name, 2, protected=True) == []
        host.shell("echo 1 >/sys/devices/system/cpu/cpu1/online; echo 1 >/sys/devices/system/cpu/cpu2/online")
        seen = host.vm_log("secret").count("secret intact")
        host.shell("sleep 2")
        log = host.vm_log("secret")
        assert log.count("secret intact") > seen and "FAIL" not in log, log
        host.shell("kill $(cat /tmp/secret.pid)")
        assert host.vm_ends("secret") == 128 + 15
        after = host.counters()
        assert after == before, f"counters before {before}, after {after}"
        host.check_clean()
        host.power_off()
