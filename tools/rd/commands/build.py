# SPDX-License-Identifier: Apache-2.0
from rd import build, kernels, paths

HELP = "build everything, or one room"
DESCRIPTION = """Without arguments: the hypervisor (preset el2), the redoubt program (preset arm64), the kernel module for both
stock kernels, and the packed boot images build/redoubt-<series>.img.
With room names (base, core, arch/arm64_defs, ...): only those rooms, in every preset that has them."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("room", nargs="*", help="a folder of the tree, for example core")
    parser.add_argument("--preset", choices=build.PRESETS, help="only this CMake preset")


def run(args) -> int:
    if args.room:
        for room in args.room:
            build.room(room, (args.preset,) if args.preset else build.PRESETS)
    elif args.preset:
        build.preset(args.preset)
    else:
        build.preset("el2")
        build.preset("arm64")
        for series in kernels.SERIES:
            print(paths.shown(build.kernel_module(series)))
            print(paths.shown(build.packed_image(series)))
    return 0
