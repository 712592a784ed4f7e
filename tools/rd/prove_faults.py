# SPDX-License-Identifier: Apache-2.0
"""Faults planted in core, each of which the prover must refute: what it cannot refute it does not prove either."""
import shutil
from dataclasses import dataclass
from pathlib import Path

from rd import paths
from rd.log import RdError


@dataclass(frozen=True)
class Fault:
    title: str
    entry: str
    file: str
    right: str
    wrong: str
    says: str    # part of the refutation


FAULTS = (
    Fault("a handle's slot is not checked", "vm_topup", "core/vm/vm_table.hpp",
          "if (slot >= kSlots) return Unexpected{Error::NOT_FOUND};", "", "assertion"),
    Fault("a page that a guest borrows is given away", "vm_topup", "core/ownership/page_moves.hpp",
          "if (!core.pages.at(place->page).host_exclusive())", "if (!core.pages.at(place->page).lendable())", "broken"),
    Fault("a pool that is full takes one more page", "vm_topup", "core/vm/lifecycle.hpp",
          "if (vm->pool.full()) return Unexpected{Error::BUSY};", "", ""),
    Fault("private memory in the shared half", "mem_donate", "core/ownership/donate.hpp",
          "if (gfn.value() >= vm.private_frames()) return Unexpected{Error::INVALID};", "", "broken"),
    Fault("a pool without enough tables", "mem_donate", "core/ownership/donate.hpp",
          "if (tables_needed(entry, target) > vm.pool.size())", "if (tables_needed(entry, target) > vm.pool.size() + 1)", ""),
    Fault("a VM that is finalised loses its tables", "vm_finalise", "core/vm/lifecycle.hpp",
          "vm->state = VmState::runnable;", "vm->state = VmState::runnable; vm->root = Pa{};", "VM broken"),
    Fault("a VM that is torn down loses its decoy", "vm_teardown", "core/vm/lifecycle.hpp",
          "vm->state = VmState::dead;", "vm->state = VmState::dead; vm->decoy = Pfn{};", "broken"),
    Fault("a VM goes while EL2 holds pages for it", "vm_destroy", "core/vm/lifecycle.hpp",
          "vm->mapped_pages != 0 || vm->meta_pages != 0", "vm->mapped_pages != 0", "broken"),
    Fault("a VM goes while its guest owns pages", "vm_destroy", "core/vm/lifecycle.hpp",
          "vm->mapped_pages != 0 || vm->meta_pages != 0", "vm->meta_pages != 0", "broken"),
    Fault("EL2 shares a page that is not the host's", "host_share_hyp", "core/ownership/page_moves.hpp",
          "if (!core.pages.at(place->page).host_exclusive())", "if (core.pages.at(place->page).pinned())", "broken"),
    Fault("a frame beyond the guest's address space is walked", "guest_page", "core/ownership/query.hpp",
          "if (gfn.value() >= vm->frames()) return Unexpected{Error::INVALID};", "", ""),
    Fault("a page that is no RAM is looked up", "host_mapped", "core/pages/page_db.hpp",
          "if (offset >= region.count) continue;", "", "assertion"),
    Fault("a decoy that nobody remembers", "host_fault", "core/ownership/host_fault.hpp",
          "core.pages.set(place->page, entry.with_decoy(true));", "", "host map broken"),
    Fault("a vCPU's index is not checked", "vcpu_create", "core/vm/vcpu.hpp",
          "if (index.value() >= vm->nr_vcpus || state == run)", "if (state == run)", "assertion"),
    Fault("the host keeps a page it gave away", "vm_topup", "core/stage2/host_map.hpp",
          "machine.store(table_slot(host.leaf_table(block), Level::L3, pfn.value()), 0);", "", "host map broken"),
    Fault("a split that leaves no hole", "vm_topup", "core/stage2/host_map.hpp",
          "machine.store(table_slot(table, Level::L3, hole.value()), 0);", "", "host map broken"),
    Fault("a count that is not kept", "vm_topup", "core/stage2/host_map.hpp", "  --mapped;\n", "", "broken"),
)


def overlay(fault: Fault, folder: Path) -> Path:
    """A folder with core's header as the fault has it, to be searched before the tree."""
    text = (paths.ROOT / fault.file).read_text()
    if text.count(fault.right) != 1:
        raise RdError(f"planted fault \"{fault.title}\": {fault.file} does not hold once: {fault.right}")
    here = folder / "faults" / str(FAULTS.index(fault))
    shutil.rmtree(here, ignore_errors=True)
    (here / fault.file).parent.mkdir(parents=True, exist_ok=True)
    (here / fault.file).write_text(text.replace(fault.right, fault.wrong))
    return here
