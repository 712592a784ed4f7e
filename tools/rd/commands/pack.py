# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

from rd import build, kernels, pack, paths

HELP = "join the hypervisor and a host kernel into one boot image"
DESCRIPTION = """Makes build/redoubt-<series>.img from build/el2/redoubt.img and a stock kernel of the cache, or from the
kernel given with --kernel. The result is started like any arm64 kernel: QEMU -kernel, U-Boot booti."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("--series", choices=kernels.SERIES, default="6.12", help="stock kernel series (default 6.12)")
    parser.add_argument("--kernel", type=Path, help="an arm64 Image of your own")
    parser.add_argument("-o", "--output", type=Path, help="where to write it")


def run(args) -> int:
    if args.kernel or args.output:
        kernel = args.kernel or kernels.get(args.series).image
        out = args.output or paths.BUILD / f"redoubt-{kernel.name}.img"
        print(paths.shown(pack.pack(build.preset("el2") / build.IMAGE, kernel, out)))
    else:
        print(paths.shown(build.packed_image(args.series)))
    return 0
