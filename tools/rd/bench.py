# SPDX-License-Identifier: Apache-2.0
"""./rd bench: what Redoubt costs in executed instructions, next to stock KVM on the same machine, and how big it is.

Every machine has one CPU and runs under -icount, so that a run can be repeated. Each boot is a script without input:
its init waits until the kernel is quiet, runs the VMs between two marks and powers off."""
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from rd import bench_table, build, counting, kernels, paths, proc, size
from rd.bench_table import Row
from rd.counting import Run
from rd.initramfs import POWER_OFF, Initramfs
from rd.log import RdError, say
from rd.rig import Rig

HOST_APPEND = "nokaslr"
SERIES, OTHER_SERIES = "7", "6.12"
STOCK_MODES = {"vhe": "", "nvhe": "kvm-arm.mode=nvhe", "protected mode": "kvm-arm.mode=protected"}
PAYLOAD = "--kernel /guest-bench.bin --memory 64M --cmdline 'iterations=2048 pages=2048'"
LINUX = "--kernel /Image --initrd /guest.cpio --memory 256M --cmdline 'quiet loglevel=3 cryptomgr.notests'"
# Kernel threads of the boot are still at work at first; idle time costs nothing under -icount.
SETTLE = "ulimit -l unlimited; sleep 10\n"
TIMEOUT = 900


@dataclass
class Boot:
    """What one machine showed: its runs by name, and the rest of its output."""
    runs: dict[str, Run] = field(default_factory=dict)
    loops: dict[str, dict[str, tuple[int, dict[str, int]]]] = field(default_factory=dict)   # run -> loop -> (iterations, counts)
    text: str = ""


def script(vms: dict[str, str]) -> str:
    """Init script that runs each VM: name -> options of `redoubt run`."""
    lines = [f"mark redoubt run {options} </dev/null >/tmp/out 2>&1; echo \"run {name}: code $?\"; cat /tmp/out; echo 'end of run'\n"
             for name, options in vms.items()]
    return SETTLE + "".join(lines)


def add_guests(tree: Initramfs, rig: Rig, linux: bool) -> None:
    tree.program(rig.program("mark"))
    tree.file("guest-bench.bin", rig.payload("guest-bench.bin"))
    if linux:
        tree.file("Image", rig.kernel(SERIES).image)
        tree.file("guest.cpio", mark_as_init(rig).write(rig.folder / "guest.cpio"))


def mark_as_init(rig: Rig) -> Initramfs:
    """A file system whose /init marks its first instruction and powers off."""
    tree = Initramfs()
    tree.folder("dev")
    tree.node("dev/console", 5, 1)
    tree.file("init", rig.program("mark"), 0o755)
    return tree


def start(rig: Rig, make, tree: Initramfs, series: str, append: str, label: str) -> tuple[str, Path]:
    """Boot and wait for power-off: (output, file of the marks). `make` is a method of the rig."""
    say(f"measuring: {label}")
    out = rig.folder / f"{label}.marks"
    elf = build.preset("el2") / build.ELF if make == rig.machine else None
    machine = make(tree, series, f"{HOST_APPEND} {append}".strip(), icount=True, extra=counting.arguments(out, elf))
    with rig.start(machine, label) as console:
        code = console.wait_exit(TIMEOUT)
        if code != 0:
            raise RdError(f"{label}: QEMU ended with {code}")
        return console.text.replace("\r", ""), out


def measure(rig: Rig, make, tree: Initramfs, series: str, append: str, label: str) -> Boot:
    """Run a script made by script()."""
    boot = Boot()
    boot.text, out = start(rig, make, tree, series, append, label)
    said = re.findall(r"^run ([^:\n]+): code (\d+)\n(.*?)^end of run$", boot.text, re.M | re.S)
    counted = list(counting.runs(out))
    if len(said) != len(counted) or not said:
        raise RdError(f"{label}: {len(said)} runs spoke, {len(counted)} were counted")
    for (name, code, text), run in zip(said, counted, strict=True):
        if code != "0" or re.search(r"^FAIL", text, re.M):
            raise RdError(f"{label}, {name}: VMM exit code {code}\n{text}")
        boot.runs[name] = run
        spoken = re.findall(r"^bench (\w+): (\d+) iterations", text, re.M)
        if len(spoken) != len(run.loops):
            raise RdError(f"{label}, {name}: {len(spoken)} loops spoke, {len(run.loops)} were counted")
        boot.loops[name] = {loop: (int(n), counts) for (loop, n), counts in zip(spoken, run.loops, strict=True)}
    return boot


def on_redoubt(rig: Rig, series: str, linux: bool) -> Boot:
    vms = {"protected": f"--protected {PAYLOAD}", "ordinary": PAYLOAD}
    vms |= {"linux protected": f"--protected {LINUX}", "linux ordinary": LINUX} if linux else {}
    body = script(vms) + "echo reserved=$(cat /sys/kernel/redoubt/reserved_bytes) $(grep ^redoubt /proc/modules)\n"
    tree = rig.host_initramfs(body, series, POWER_OFF)
    add_guests(tree, rig, linux)
    boot = measure(rig, rig.machine, tree, series, "", f"redoubt-{series}")
    where = re.search(r"^reserved=\d+ redoubt .* 0x([0-9a-f]+)", boot.text, re.M)
    first, end = counting.FIXED_CLASSES["module"]
    if where is None or not first <= int(where[1], 16) < end:
        raise RdError(f"redoubt.ko is not where its instructions are counted: {where and where[0]}")
    return boot


def on_stock(rig: Rig, series: str, mode: str, linux: bool) -> Boot:
    vms = {"ordinary": PAYLOAD} | ({"linux ordinary": LINUX} if linux else {})
    tree = rig.initramfs(script(vms), POWER_OFF)
    tree.program(rig.program("redoubt"))
    add_guests(tree, rig, linux)
    return measure(rig, rig.plain_machine, tree, series, STOCK_MODES[mode], f"stock-{series}-{mode.replace(' ', '-')}")


def host_boot(rig: Rig, series: str) -> dict[str, int]:
    """Instructions from power-on to /init: on Redoubt, and with the kernel alone at EL2."""
    tree = mark_as_init(rig)
    return {name: counting.boot(start(rig, make, tree, series, "", f"boot-{series}-{name}")[1])
            for name, make in (("redoubt", rig.machine), ("stock", rig.plain_machine))}


def operation_rows(boot: Boot, series: str, stock: dict[str, Boot]) -> list[Row]:
    rows = []
    for vm in ("protected", "ordinary"):
        for loop, (iterations, counts) in boot.loops[vm].items():
            if loop in bench_table.OPERATIONS:
                peers = {mode: round(sum(each.loops["ordinary"][loop][1].values()) / iterations, 1) for mode, each in stock.items()}
                split = {name: round(count / iterations, 1) for name, count in counts.items()}
                # What the host executes in a loop that never leaves EL2 is its own timer interrupt, which falls into some runs.
                counted = [count for name, count in counts.items() if loop not in bench_table.AT_EL2 or name in ("el2", "guest")]
                rows.append(Row.operation(series, vm, loop, round(sum(counted) / iterations, 1), split, peers))
                if loop == "first_touch":
                    rows.append(Row.operation(series, vm, "first_touch_own", round(counting.own(counts) / iterations, 1), {}, {}))
    return rows


def guest_rows(boot: Boot, stock: dict[str, Boot]) -> list[Row]:
    peers = {mode: sum(each.runs["linux ordinary"].counts.values()) for mode, each in stock.items()}
    rows = []
    for vm in ("protected", "ordinary"):
        counts = boot.runs[f"linux {vm}"].counts
        rows.append(Row.whole(f"{SERIES}.{vm}.guest_boot", sum(counts.values()) - counts["crypto"], counts, peers))
        if vm == "protected":
            rows.append(Row.whole(f"{SERIES}.{vm}.guest_measurement", counts["crypto"], {}, {}))
    return rows


def size_rows(boot: Boot) -> list[Row]:
    elf = build.preset("el2") / build.ELF
    figures = size.report(elf.parent, build.ELF)
    first, end = counting.crypto_code(elf)
    reserved = int(re.search(r"^reserved=(\d+)", boot.text, re.M)[1])
    crypto = end - first
    return [Row.whole("reserved_bytes", reserved), Row.whole("el2_text_bytes", figures["text bytes"]),
            Row.whole("el2_text_bytes_without_crypto", figures["text bytes"] - crypto),
            Row.whole("el2_resident_text_without_crypto", figures["  resident"] - crypto),
            Row.whole("source_lines", figures["source lines"], figures["by room"]),
            Row.whole("resident_source_lines", figures["  resident source lines"])]


def versions() -> dict[str, str]:
    qemu = proc.capture(["qemu-system-aarch64", "--version"]).splitlines()[0]
    return {"qemu": qemu, **{f"kernel {series}": kernels.get(series).release for series in (SERIES, OTHER_SERIES)}}


def quick_rows(rig: Rig) -> list[Row]:
    boot = on_redoubt(rig, SERIES, linux=False)
    return operation_rows(boot, SERIES, {}) + size_rows(boot)


def all_rows(rig: Rig) -> list[Row]:
    rows = []
    for series in (SERIES, OTHER_SERIES):
        linux = series == SERIES
        boot = on_redoubt(rig, series, linux)
        stock = {mode: on_stock(rig, series, mode, linux) for mode in STOCK_MODES}
        rows += operation_rows(boot, series, stock)
        rows += guest_rows(boot, stock) + size_rows(boot) if linux else []
        booted = host_boot(rig, series)
        rows.append(Row.whole(f"{series}.host_boot", booted["redoubt"], {}, {"vhe": booted["stock"]}))
        rows.append(Row.whole(f"{series}.host_boot_percent", round(100 * (booted["redoubt"] / booted["stock"] - 1), 3)))
    return rows


def run(quick: bool, bless: bool, decision: str | None) -> int:
    rows = quick_rows(Rig("bench")) if quick else all_rows(Rig("bench"))
    found = {"versions": versions(), "complete": not quick, "rows": [row.data() for row in rows]}
    (paths.BUILD / "bench.json").write_text(json.dumps(found, indent=2) + "\n")
    print(bench_table.table(rows), flush=True)
    if bless:
        bench_table.bless(rows, decision)
        return 0
    problems = bench_table.regressions(rows, complete=not quick)
    print("".join(f"FAIL {problem}\n" for problem in problems) or "no figure is worse than its ratchet\n", end="")
    return 1 if problems else 0
