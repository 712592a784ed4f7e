# SPDX-License-Identifier: Apache-2.0
"""Faults planted for the fuzz targets: a target that does not find its own would find no other either."""
from dataclasses import dataclass

from rd import build, fuzz, paths, planted
from rd.fuzz_targets import TARGETS, Target
from rd.log import say


@dataclass(frozen=True)
class Fault:
    target: str
    title: str
    file: str
    right: str
    wrong: str     # HERE: is this fault on?
    says: str      # part of the broken rule


FAULTS = (
    Fault("boot_tree", "the loader's KASLR seed stays", "hyp/fdt/rewrite.cpp",
          'if (name == "rng-seed" || name == "kaslr-seed") return true;',
          'if (name == "rng-seed" || (name == "kaslr-seed" && !HERE)) return true;', "seeds are EL2's"),
    Fault("boot_tree", "adjacent ranges stay apart", "hyp/fdt/pa_range.cpp",
          "for (; last < count && storage[last].begin <= range.end; ++last) {",
          "for (; last < count && (HERE ? storage[last].begin < range.end : storage[last].begin <= range.end); ++last) {", "sorted, disjoint and merged"),
    Fault("core_calls", "a page that a guest borrows is given away", "core/ownership/page_moves.hpp",
          "if (!core.pages.at(place->page).host_exclusive())",
          "if (!(HERE ? core.pages.at(place->page).lendable() : core.pages.at(place->page).host_exclusive()))", "specification"),
    Fault("cose_bytes", "a number has two encodings", "crypto/cbor/validate.cpp",
          "if (shorter) return", "if (shorter && !HERE) return", "one encoding"),
    Fault("el2_calls", "a narrow write shows the whole register", "hyp/vcpu/guest_abort.cpp",
          "return value & bit_mask(0, 8U << iss::SAS::of(syndrome));", "return HERE ? value : value & bit_mask(0, 8U << iss::SAS::of(syndrome));", "cut to the width|its own bytes"),
    Fault("el2_calls", "the host gets a guest's EL1 registers", "hyp/vcpu/world_switch.cpp",
          "  load_el1(cpu.host.el1);", "  if (!HERE) load_el1(cpu.host.el1);", "as it left them"),
    Fault("kvm_calls", "memory slots may overlap", "kvm/memslots.cpp",
          "slot.first < slots_[i].end()) return true;", "slot.first < slots_[i].end() && !HERE) return true;", "ascend, do not overlap"),
    Fault("vgic_delivery", "an active interrupt is forgotten at the exit", "vgic/fold.cpp",
          "if (Lr::Active::of(lr) != 0) irqs_.active_ |= mask;", "if (Lr::Active::of(lr) != 0 && !HERE) irqs_.active_ |= mask;", "Failure"),
    Fault("vgic_registers", "all bits of a byte of priority", "vgic/distributor_mmio.cpp",
          "word = detail::with_byte(word, offset, value) & kPriorityWordMask;",
          "word = detail::with_byte(word, offset, value) & (HERE ? ~0U : kPriorityWordMask);", "reads as the model says"),
)


def run(targets: list[Target]) -> int:
    """Each fault once. Answers the exit code."""
    folder = paths.BUILD / "fuzz_faults"
    texts: dict[str, str] = {}
    for number, fault in enumerate(FAULTS, 1):
        planted.replaced(texts, fault.file, fault.right, fault.wrong.replace("HERE", f"(::rd_planted == {number})"))
    say("building the fuzz targets with planted faults")
    with build.lock("fuzz_faults"):
        planted.copy(folder / "tree", texts)
        fuzz.configure_and_build(folder / "tree", folder, f"-DCMAKE_CXX_FLAGS={planted.flags(folder / 'tree')}")
    missed = sum(not _found(number, fault, folder) for number, fault in enumerate(FAULTS, 1) if fault.target in {t.name for t in targets})
    print(f"{missed} planted faults missed")
    return 1 if missed else 0


def _found(number: int, fault: Fault, folder) -> bool:
    target = next(t for t in TARGETS if t.name == fault.target)
    result = fuzz.run(target, folder, None, {"RD_PLANTED": str(number)})
    seen = any(words in result.broken for words in fault.says.split("|"))
    print(f"{'found' if seen else 'MISSED':8} {fault.target:16} {fault.title}, after {result.inputs} inputs: {result.broken or 'nothing'}", flush=True)
    return seen
