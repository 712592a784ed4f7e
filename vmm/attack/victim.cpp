// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/victim.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "vmm/attack/insider.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPoll = 20ms;
constexpr auto kStartPatience = 60s;
constexpr std::uint64_t kRamBase = 0x4000'0000;  // of our VMM's arm64 board
constexpr unsigned kSecondsAtMost = 100'000;

[[nodiscard]] auto read_text(const std::string& path) -> std::string {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Where the victim's RAM lies in its VMM: the mapping of exactly its size.
[[nodiscard]] auto find_ram(pid_t pid) -> std::uint64_t {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &from, &to) == 2 && to - from == kVictimRam) return from;
  }
  fail("the victim's RAM is not among the mappings of process {}", pid);
}

// /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst): bits 54:0 the frame, bit 63 present.
[[nodiscard]] auto frame_of(int pagemap, std::uint64_t address) -> Pfn {
  std::uint64_t entry = 0;
  const auto at = static_cast<off_t>(address / kPageSize * sizeof entry);
  if (::pread(pagemap, &entry, sizeof entry, at) != sizeof entry || (entry >> 63) == 0) {
    fail("the frame behind {:#x} is not in pagemap", address);
  }
  return Pfn{entry & ((std::uint64_t{1} << 55) - 1)};
}

}  // namespace

auto living_handles(const Device& device) -> std::vector<std::uint64_t> {
  constexpr std::uint64_t kGenerations = 65536;
  std::vector<std::uint64_t> found;
  const std::uint64_t wanted = device.info(RD_INFO_VMS);
  // Slot in bits 7:0, how often it was used above.
  for (std::uint64_t generation = 0; generation < kGenerations && found.size() < wanted; ++generation) {
    for (std::uint64_t slot = 0; slot < RD_MAX_VMS; ++slot) {
      const std::uint64_t handle = generation << 8 | slot;
      if (device.call(RD_CALL_VM_INFO, {handle, RD_VM_INFO_STATE}).status == 0) found.push_back(handle);
    }
  }
  return found;
}

Victim::Victim(const Device& device, const Config& config) {
  const auto before = living_handles(device);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair: {}", errno_text(errno));
  channel_ = UniqueFd{ends[0]};
  UniqueFd theirs{ends[1]};
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe: {}", errno_text(errno));
  UniqueFd keys{ends[0]};
  keyboard_ = UniqueFd{ends[1]};
  console_path_ =
      fmt::format("/tmp/redoubt-attack-{}-{}.log", ::getpid(), config.is_protected ? "protected" : "ordinary");
  MachineConfig machine;
  machine.kernel = config.payload;
  machine.memory_bytes = kVictimRam;
  machine.cmdline = fmt::format("seconds={}", kSecondsAtMost);
  machine.is_protected = config.is_protected;
  target_.pid = ::fork();
  if (target_.pid < 0) fail("fork: {}", errno_text(errno));
  if (target_.pid == 0) {
    channel_ = UniqueFd{};
    keyboard_ = UniqueFd{};
    run_victim(machine, console_path_, keys, std::move(theirs));
  }
  wait_for_secret();
  find_pages();
  const auto after = living_handles(device);
  for (const std::uint64_t handle : after) {
    if (std::ranges::find(before, handle) == before.end()) target_.handle = handle;
  }
}

Victim::~Victim() {
  if (!ended()) {
    ::kill(target_.pid, SIGKILL);
    ::waitpid(target_.pid, nullptr, 0);
  }
  ::unlink(console_path_.c_str());
}

auto Victim::console() const -> std::string { return read_text(console_path_); }

auto Victim::ended() -> bool {
  if (status_ >= 0) return true;
  int status = 0;
  if (::waitpid(target_.pid, &status, WNOHANG) != target_.pid) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

void Victim::wait_for_secret() {
  const auto deadline = Clock::now() + kStartPatience;
  while (Clock::now() < deadline && !ended()) {
    const std::string text = console();
    const auto line = text.find("secret pattern ");
    std::uint64_t pattern = 0;
    std::uint64_t at_ipa = 0;
    std::uint64_t size = 0;
    if (intact_lines() != 0 && line != std::string::npos &&
        std::sscanf(text.c_str() + line, "secret pattern 0x%lx at 0x%lx+0x%lx", &pattern, &at_ipa, &size) == 3) {
      target_.secret = SecretMatch(pattern);
      const std::uint64_t ipa = (at_ipa + kPageSize - 1) & ~(kPageSize - 1);
      const std::uint64_t bytes = size - kPageSize;
      ram_ = find_ram(target_.pid);
      target_.first_gfn = ipa >> kPageShift;
      for (std::uint64_t at = 0; at + kPageSize <= bytes; at += kPageSize) {
        target_.addresses.push_back(ram_ + (ipa - kRamBase) + at);
      }
      return;
    }
    std::this_thread::sleep_for(kPoll);
  }
  fail("the victim did not say that its secret is intact; its console:\n{}", console());
}

void Victim::find_pages() {
  const UniqueFd pagemap{::open(fmt::format("/proc/{}/pagemap", target_.pid).c_str(), O_RDONLY | O_CLOEXEC)};
  if (!pagemap) fail("cannot open pagemap of the victim: {}", errno_text(errno));
  for (const std::uint64_t address : target_.addresses) target_.frames.push_back(frame_of(pagemap.get(), address));
}

auto Victim::run_inside(std::uint64_t index, unsigned page) -> Outcome {
  const Order order{.attack = index, .page = target_.addresses.at(page), .ram = ram_, .secret = target_.secret};
  Reply reply{};
  if (::send(channel_.get(), &order, sizeof order, MSG_NOSIGNAL) < 0 ||
      ::recv(channel_.get(), &reply, sizeof reply, 0) != static_cast<ssize_t>(sizeof reply)) {
    return reached("the VMM's process ended");
  }
  reply.observed[sizeof reply.observed - 1] = '\0';
  return {static_cast<Reach>(reply.reach), reply.observed};
}

auto Victim::intact_lines() const -> std::size_t {
  const std::string text = console();
  std::size_t count = 0;
  for (auto at = text.find("secret intact"); at != std::string::npos; at = text.find("secret intact", at + 1)) ++count;
  return count;
}

auto Victim::says_damaged() const -> bool { return console().find("FAIL") != std::string::npos; }

auto Victim::says_intact(std::chrono::seconds patience) -> bool {
  const auto deadline = Clock::now() + patience;
  // Two: the second's whole interval lies after this call began.
  const std::size_t wanted = intact_lines() + 2;
  while (intact_lines() < wanted) {
    if (says_damaged() || ended() || Clock::now() > deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

auto Victim::end(std::chrono::seconds patience) -> int {
  constexpr char kEnd = 'q';
  if (::write(keyboard_.get(), &kEnd, 1) != 1) return -1;
  const auto deadline = Clock::now() + patience;
  while (!ended() && Clock::now() < deadline) std::this_thread::sleep_for(kPoll);
  return status_;
}

}  // namespace redoubt::vmm::attack
