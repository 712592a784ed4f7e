# SPDX-License-Identifier: Apache-2.0
"""The page of the interface says what the headers say."""
from pathlib import Path

from abi_doc import page

NAME = "docs/abi.md is current"


def problems(root: Path) -> list[str]:
    try:
        wanted = page.render(root)
    except (ValueError, KeyError) as error:
        return [f"{page.PAGE} cannot be made: {error}"]
    target = root / page.PAGE
    found = target.read_text() if target.exists() else ""
    return [] if found == wanted else [f"{page.PAGE}: not what abi/ says (run ./rd doc)"]
