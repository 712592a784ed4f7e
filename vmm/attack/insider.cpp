// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/insider.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>

#include "vmm/attack/attack.hpp"
#include "vmm/boards/arm64/machine.hpp"
#include "vmm/vm/guarded_copy.hpp"

namespace redoubt::vmm::attack {
namespace {

// The VMM's own file descriptor whose link text contains `name`; -1 if there is none.
[[nodiscard]] auto find_fd(std::string_view name) -> int {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const auto link = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (link.find(name) != std::string::npos) return std::stoi(entry.path().filename().string());
  }
  return -1;
}

[[nodiscard]] auto perform(const Order& order) -> Outcome {
  const auto attacks = all_attacks();
  if (order.attack >= attacks.size() || attacks[order.attack].inside == nullptr) return skipped("no such attack");
  const Inside inside{.secret = order.secret,
                      .page = reinterpret_cast<std::byte*>(order.page),
                      .ram = reinterpret_cast<std::byte*>(order.ram),
                      .ram_bytes = kVictimRam,
                      .vm = find_fd("kvm-vm"),
                      .vcpu = find_fd("kvm-vcpu"),
                      .gic = find_fd("vgic")};
  try {
    return attacks[order.attack].inside(inside);
  } catch (const std::exception& error) {
    return skipped("{}", error.what());
  }
}

void obey(int channel) {
  Order order{};
  while (::recv(channel, &order, sizeof order, 0) == static_cast<ssize_t>(sizeof order)) {
    const Outcome outcome = perform(order);
    Reply reply{};
    reply.reach = static_cast<std::uint32_t>(outcome.reach);
    outcome.observed.copy(reply.observed, sizeof reply.observed - 1);
    if (::send(channel, &reply, sizeof reply, MSG_NOSIGNAL) < 0) return;
  }
}

[[nodiscard]] auto run(const MachineConfig& config, const std::string& console_path, int keys) -> int {
  UniqueFd out{::open(console_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!out) fail("cannot open {}: {}", console_path, errno_text(errno));
  EventLoop loop;
  arm64::Machine machine(config, loop, Console::Files{.out = out.get(), .in = keys});
  return machine.run().code;
}

}  // namespace

void run_victim(const MachineConfig& config, const std::string& console_path, const UniqueFd& keys, UniqueFd channel) {
  int code = static_cast<int>(ExitCode::kFailure);
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);
    install_fault_guard();
    Vcpu::prepare_process();
    std::thread(obey, channel.get()).detach();
    code = run(config, console_path, keys.get());
  } catch (const std::exception& error) {
    fmt::print(stderr, "redoubt attack: the victim: {}\n", error.what());
  }
  ::_exit(code);
}

}  // namespace redoubt::vmm::attack
