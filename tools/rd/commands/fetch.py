# SPDX-License-Identifier: Apache-2.0
import json

from rd import fetch, paths

HELP = "fill the cache: stock arm64 kernels, headers, busybox, arm64 libraries"
DESCRIPTION = """Downloads from your Debian mirror, into ${XDG_CACHE_HOME:-~/.cache}/redoubt, what the tests boot and what our
arm64 programs link against. Foreign packages are only unpacked there, never installed. Other commands do this
by themselves on first use; once the cache is complete no command needs the network."""
NEEDS = ("setup",)


def arguments(parser) -> None:
    parser.add_argument("--update", action="store_true", help="look for newer versions even if the cache is complete")
    parser.add_argument("--show", action="store_true", help="print what the cache holds")


def run(args) -> int:
    fetch.ensure(update=args.update)
    if args.show:
        print(f"cache: {paths.cache()}")
        print(json.dumps(fetch.versions(), indent=2))
    return 0
