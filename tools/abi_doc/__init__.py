# SPDX-License-Identifier: Apache-2.0
"""docs/abi.md out of the headers in abi/: parse.py reads them, page.py writes the page."""
