// SPDX-License-Identifier: Apache-2.0
#include "vmm/cli/run_command.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include <fmt/format.h>

#include "vmm/backend/terminal.hpp"
#include "vmm/boards/arm64/machine.hpp"
#include "vmm/vm/guarded_copy.hpp"
#include "vmm/vm/ram.hpp"

namespace redoubt::vmm {
namespace {

// Signals that end the VM in an orderly way, taken by the event loop; blocked everywhere, before any thread exists.
[[nodiscard]] auto block_ending_signals() -> UniqueFd {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  UniqueFd fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) fail("signalfd: {}", errno_text(errno));
  return fd;
}

void end_on_signal(EventLoop& loop, const UniqueFd& signals, arm64::Machine& machine) {
  const bool watched = loop.add(signals.get(), EPOLLIN, [&](std::uint32_t) {
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != sizeof info) return;
    const auto number = static_cast<int>(info.ssi_signo);
    machine.end({128 + number, fmt::format("ended by signal {} ({})", number, ::strsignal(number))});
  });
  if (!watched) fail("cannot wait for signals");
}

[[nodiscard]] auto open_console_file(const std::string& path) -> UniqueFd {
  UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600)};
  if (!fd) fail("cannot open the console file {}: {}", path, errno_text(errno));
  return fd;
}

}  // namespace

auto run_vm(const MachineConfig& config) -> int {
  if (config.is_protected) check_locked_memory_limit(config.memory_bytes);
  ::signal(SIGPIPE, SIG_IGN);
  install_fault_guard();
  Vcpu::prepare_process();
  const UniqueFd signals = block_ending_signals();

  UniqueFd file;
  Console::Files console;
  if (config.console.kind == ConsoleConfig::Kind::kFile) {
    file = open_console_file(config.console.path);
    console.out = file.get();
  }
  Ending ending;
  {
    EventLoop loop;
    std::optional<RawTerminal> terminal;
    if (config.console.kind == ConsoleConfig::Kind::kStdio) {
      console = {.out = STDOUT_FILENO, .in = STDIN_FILENO, .escape = ::isatty(STDIN_FILENO) == 1};
    }
    arm64::Machine machine(config, loop, console);
    end_on_signal(loop, signals, machine);
    if (console.escape) {
      fmt::print(stderr, "redoubt: Ctrl-A x ends the VM\n");
      terminal.emplace(STDIN_FILENO);
    }
    ending = machine.run();
  }
  if (!ending.message.empty()) fmt::print(stderr, "redoubt: {}\n", ending.message);
  return ending.code;
}

}  // namespace redoubt::vmm
