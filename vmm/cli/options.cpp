// SPDX-License-Identifier: Apache-2.0
#include "vmm/cli/options.hpp"

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "vmm/cli/raw_options.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

constexpr const char* kRunFooter = R"(
Examples:
  A Linux guest on the terminal, 2 CPUs, 512 MiB:
    redoubt run --kernel Image --initrd initrd.img --cpus 2 --memory 512M
  The same, protected from this host (needs Redoubt at EL2 and a guest kernel >= 6.13):
    redoubt run --protected --kernel Image --initrd initrd.img --memory 512M
  A disk to boot from and a read-only one, console output to a file:
    redoubt run --kernel Image --initrd initrd.img --disk root.img --disk data.img,ro,id=data \
                --cmdline 'root=/dev/vda' --console guest.log
  Sockets between host and guest:
    redoubt run --kernel Image --initrd initrd.img --vsock-cid 3 --vsock-socket /run/vm1.sock
    A host program connects to /run/vm1.sock and writes 'CONNECT 1234\n' to reach the guest's port 1234;
    a guest that connects to CID 2 port 99 reaches whoever listens on /run/vm1.sock_99.
  Everything in a file; options given on the command line win:
    redoubt run --config vm.json --memory 1G
    vm.json:  { "kernel": "Image", "initrd": "initrd.img", "cpus": 2, "disk": ["root.img"], "protected": true }

On the terminal, Ctrl-A x ends the VM and Ctrl-A a sends Ctrl-A.

Exit code: 0 the guest powered off; 1 the VM could not start; 2 wrong usage; 3 the guest asked for a reset;
4 the guest's kernel panicked, or the guest did what cannot be emulated; 128+N ended by signal N.)";

// --NAME and --no-NAME; neither leaves the value unset, so that the configuration file can say.
void add_switch(CLI::App& app, const std::string& name, std::optional<bool>& value, const std::string& help) {
  app.add_flag_callback("--" + name, [&value] { value = true; }, help);
  app.add_flag_callback("--no-" + name, [&value] { value = false; }, "the opposite of --" + name);
}

void add_run_options(CLI::App& run, RawOptions& raw, std::string& config_file) {
  run.add_option("--kernel", raw.kernel, "arm64 Linux Image (uncompressed), or a program with the same header");
  run.add_option("--initrd", raw.initrd, "initial RAM disk");
  run.add_option("--disk", raw.disks, "FILE[,ro][,id=NAME]: raw disk image or block device; may be repeated")
      ->allow_extra_args(false);
  run.add_option("--cpus", raw.cpus, "virtual CPUs (default 1)");
  run.add_option("--memory", raw.memory, "guest RAM, like 256M or 2G (default 256M)");
  run.add_option(
      "--cmdline", raw.cmdline,
      "kernel command line; console=ttyAMA0 and panic=-1 (and swiotlb= if protected) are added unless given");
  add_switch(run, "protected", raw.is_protected, "keep the guest's memory and registers from this host");
  run.add_option("--vsock-cid", raw.vsock_cid, "the guest's address for sockets between host and guest, 3 or more");
  run.add_option("--vsock-socket", raw.vsock_socket,
                 "path of the unix socket through which the host reaches the guest");
  run.add_option("--console", raw.console, "stdio (default), none, or a file to append the output to");
  add_switch(run, "rng", raw.rng, "give the guest a source of random numbers (default)");
  run.add_option("--config", config_file, "JSON file with the same keys as these options, without dashes");
}

}  // namespace

auto parse_command_line(int argc, const char* const* argv) -> ParsedCommand {
  RawOptions raw;
  std::string config_file;
  CLI::App app(
      "Runs virtual machines on KVM; under the Redoubt hypervisor also protected ones, which the host cannot look "
      "into.");
  app.name("redoubt");
  app.require_subcommand(1);
  app.footer("'redoubt run --help' and 'redoubt attack --help' explain the options, with examples.");
  CLI::App* run = app.add_subcommand("run", "start a virtual machine and stay with it until it ends");
  run->footer(kRunFooter);
  add_run_options(*run, raw, config_file);
  // Parsed by vmm/attack/command.cpp, which main() asks first; here it only stands in the help.
  app.add_subcommand("attack", "try to break into a protected VM of this machine (root; 'redoubt attack --help')");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  return resolve(config_file.empty() ? raw : merge(read_config_file(config_file), raw));
}

}  // namespace redoubt::vmm
