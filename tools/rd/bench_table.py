# SPDX-License-Identifier: Apache-2.0
"""The rows of ./rd bench: their budgets, their ratchets, and how they are printed."""
import json
from dataclasses import asdict, dataclass, field

from rd import paths
from rd.log import RdError, say

RATCHETS = paths.ROOT / "tools/bench/ratchets.json"
DECISIONS = paths.ROOT / "docs/decisions"
# A figure may be worse than its ratchet by this much: another build of the same source moves code and cache lines.
TOLERANCE = 0.02
# Percentages near zero need an absolute margin, in points.
POINTS = 0.2

# Loops of the payload `bench` -> title, budget for a protected VM in instructions.
OPERATIONS = {
    "call_version": ("guest call answered at EL2", 250),
    "gicr_read": ("redistributor register access", 400),
    "gicd_read": ("distributor register access", 2000),
    "mmio_user_read": ("MMIO exit to the VMM and back", 5000),
    "id_register": ("ID register read", None),
    "sgi_to_self": ("SGI to oneself, taken and ended", None),
    "first_touch": ("first touch of memory, per 4 KiB", 800),
    "first_touch_own": ("  of which EL2 and module", 450),
}
# Those that EL2 answers without the host.
AT_EL2 = ("call_version", "gicr_read", "id_register", "sgi_to_self")
WHOLE = {
    "7.protected.guest_boot": ("guest kernel, start to power-off, without measurement", 1_200_000_000),
    "7.protected.guest_measurement": ("  its initial measurement", None),
    "7.ordinary.guest_boot": ("guest kernel, start to power-off, ordinary VM", None),
    "7.host_boot": ("host kernel 7, power-on to /init", None),
    "7.host_boot_percent": ("  more than without Redoubt, %", 2),
    "6.12.host_boot": ("host kernel 6.12, power-on to /init", None),
    "6.12.host_boot_percent": ("  more than without Redoubt, %", 2),
    "reserved_bytes": ("memory reserved of 2 GiB, bytes", 8 << 20),
    "el2_text_bytes": ("EL2 text, bytes", None),
    "el2_text_bytes_without_crypto": ("  without crypto", None),
    "el2_resident_text_without_crypto": ("  and without what only the boot runs", 80 << 10),
    "source_lines": ("source lines linked into redoubt.img", 10_000),
    "resident_source_lines": ("  without what only the boot runs", None),
}


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    value: float
    budget: float | None
    split: dict[str, float] = field(default_factory=dict)    # whose instructions
    peers: dict[str, float] = field(default_factory=dict)    # the same on stock KVM, ordinary VM

    @classmethod
    def operation(cls, series: str, vm: str, loop: str, value: float, split: dict, peers: dict) -> "Row":
        title, budget = OPERATIONS[loop]
        return cls(f"{series}.{vm}.{loop}", title, value, budget if vm == "protected" else None, split, peers)

    @classmethod
    def whole(cls, key: str, value: float, split: dict | None = None, peers: dict | None = None) -> "Row":
        return cls(key, *(WHOLE[key][0], value, WHOLE[key][1]), split or {}, peers or {})

    @property
    def verdict(self) -> str:
        return "" if self.budget is None else "met" if self.value <= self.budget else "NOT MET"

    def data(self) -> dict:
        return asdict(self) | {"met": None if self.budget is None else self.value <= self.budget}


def table(rows: list[Row]) -> str:
    """Operations by kernel, one line for protected and ordinary VM together; then the rest."""
    lines = []
    by_key = {row.key: row for row in rows}
    for series in dict.fromkeys(row.key.split(".protected.")[0] for row in rows if _is_operation(row)):
        modes = next((list(row.peers) for row in rows if row.key.startswith(f"{series}.") and row.peers), [])
        stock = [f"KVM {mode}" for mode in modes]
        lines += ["", _line(f"instructions each, kernel {series}", "protected", "ordinary", *stock, "budget", "")]
        for loop in OPERATIONS:
            protected, ordinary = by_key.get(f"{series}.protected.{loop}"), by_key.get(f"{series}.ordinary.{loop}")
            if protected and ordinary:
                peers = [_number(protected.peers.get(mode)) for mode in modes]
                lines.append(_line(protected.title, _number(protected.value), _number(ordinary.value), *peers,
                                   _number(protected.budget), protected.verdict))
    whole = [row for row in rows if row.key in WHOLE]
    if whole:
        modes = list(whole[0].peers)
        lines += ["", _line("whole", "Redoubt", *(f"KVM {mode}" for mode in modes), "budget", "")]
        lines += [_line(row.title, _number(row.value), *(_number(row.peers.get(mode)) for mode in modes), _number(row.budget), row.verdict)
                  for row in whole]
    return "\n".join([*lines, ""])


def regressions(rows: list[Row], complete: bool) -> list[str]:
    """What is worse than its ratchet, or has one and was not measured although everything was to be."""
    ratchets = _ratchets()["rows"]
    measured = {row.key: row for row in rows}
    found = [f"{row.key}: {_number(row.value)}, ratchet {_number(ratchets[row.key])}"
             for row in rows if row.key in ratchets and row.value > _limit(row.key, ratchets[row.key])]
    found += [f"{row.key}: has no ratchet (./rd bench --bless)" for row in rows if row.key not in ratchets]
    return found + [f"{key}: was not measured" for key in ratchets if complete and key not in measured]


def bless(rows: list[Row], decision: str | None) -> None:
    """Take better figures as ratchets. A worse one needs the number of the decision record that explains it."""
    ratchets = _ratchets()
    for row in rows:
        old = ratchets["rows"].get(row.key)
        if old is not None and row.value > _limit(row.key, old):
            if decision is None or not list(DECISIONS.glob(f"{decision}-*.md")):
                raise RdError(f"{row.key}: {_number(row.value)} is worse than {_number(old)}: name the record of docs/decisions by --decision")
            ratchets["decisions"][row.key] = decision
            ratchets["rows"][row.key] = row.value
        else:
            ratchets["rows"][row.key] = row.value if old is None else min(old, row.value)
    RATCHETS.write_text(json.dumps(ratchets, indent=2, sort_keys=True) + "\n")
    say(f"ratchets written to {paths.shown(RATCHETS)}")


def _ratchets() -> dict:
    return json.loads(RATCHETS.read_text()) if RATCHETS.exists() else {"rows": {}, "decisions": {}}


def _limit(key: str, ratchet: float) -> float:
    return ratchet + POINTS if key.endswith("_percent") else ratchet * (1 + TOLERANCE)


def _is_operation(row: Row) -> bool:
    return ".protected." in row.key and row.key.rpartition(".")[2] in OPERATIONS


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def _line(title: str, *cells: str) -> str:
    return f"{title:54}" + "".join(f"{cell:>20}" for cell in cells).rstrip()
