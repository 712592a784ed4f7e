# SPDX-License-Identifier: Apache-2.0
from abi_doc import page
from rd import paths

HELP = "make docs/abi.md from the headers in abi/"
DESCRIPTION = """Writes the page of the interface between the host and the hypervisor anew. ./rd check fails while the committed
page is not what the headers say."""


def run(_args) -> int:
    target = paths.ROOT / page.PAGE
    target.parent.mkdir(exist_ok=True)
    target.write_text(page.render(paths.ROOT))
    print(page.PAGE)
    return 0
