# SPDX-License-Identifier: Apache-2.0
from checks import formatting
from rd import paths

HELP = "format all C++ files"
DESCRIPTION = "Runs clang-format-19 with the tree's .clang-format over every C and C++ file, in place."
NEEDS = ("setup",)


def run(_args) -> int:
    formatting.reformat(paths.ROOT)
    return 0
