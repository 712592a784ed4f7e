# SPDX-License-Identifier: Apache-2.0
from rd import setup

HELP = "install the packages a build machine needs"
DESCRIPTION = """Installs the compilers, QEMU and libraries this project needs (Debian 12 or 13).
Every other command does this by itself when something is missing. Your apt sources are not changed:
what is newer than your release is taken through a private apt configuration in the cache."""


def run(_args) -> int:
    setup.ensure()
    return 0
