// SPDX-License-Identifier: Apache-2.0
// Root against the VMM's process: the ways in which Linux lets one process look into another. The kernel does these accesses
// through its own mapping, where no fault may be given.
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

#include "vmm/attack/attack.hpp"
#include "vmm/vm/failure.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm::attack {
namespace {

using Peek = std::array<std::byte, 256>;

[[nodiscard]] auto judge(const Arena& arena, std::span<const std::byte> bytes) -> Outcome {
  return arena.target.secret.found_in(bytes) ? reached("the secret was read") : blocked("no secret in what was read");
}

[[nodiscard]] auto open_memory(const Arena& arena) -> UniqueFd {
  return UniqueFd{::open(fmt::format("/proc/{}/mem", arena.target.pid).c_str(), O_RDWR | O_CLOEXEC)};
}

auto read_proc_mem(const Arena& arena) -> Outcome {
  const UniqueFd memory = open_memory(arena);
  Peek bytes{};
  const ssize_t got = ::pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(arena.target.addresses[20]));
  return got <= 0 ? blocked("{}", errno_text(errno)) : judge(arena, bytes);
}

auto write_proc_mem(const Arena& arena) -> Outcome {
  const UniqueFd memory = open_memory(arena);
  const Peek bytes{};
  const ssize_t put =
      ::pwrite(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(arena.target.addresses[21]));
  return put <= 0 ? blocked("{}", errno_text(errno)) : blocked("accepted; the guest does not see it");
}

[[nodiscard]] auto remote(const Arena& arena, unsigned page, std::size_t bytes) -> iovec {
  return {.iov_base = reinterpret_cast<void*>(arena.target.addresses[page]), .iov_len = bytes};
}

auto process_readv(const Arena& arena) -> Outcome {
  Peek bytes{};
  const iovec local{.iov_base = bytes.data(), .iov_len = bytes.size()};
  const iovec there = remote(arena, 22, bytes.size());
  const ssize_t got = ::process_vm_readv(arena.target.pid, &local, 1, &there, 1, 0);
  return got <= 0 ? blocked("{}", errno_text(errno)) : judge(arena, bytes);
}

auto process_writev(const Arena& arena) -> Outcome {
  Peek bytes{};
  const iovec local{.iov_base = bytes.data(), .iov_len = bytes.size()};
  const iovec there = remote(arena, 23, bytes.size());
  const ssize_t put = ::process_vm_writev(arena.target.pid, &local, 1, &there, 1, 0);
  return put <= 0 ? blocked("{}", errno_text(errno)) : blocked("accepted; the guest does not see it");
}

// Stops the VMM's first thread, not its vCPU.
class Tracer {
 public:
  explicit Tracer(pid_t pid) : pid_(pid) {
    if (::ptrace(PTRACE_ATTACH, pid_, nullptr, nullptr) != 0) fail("ptrace: {}", errno_text(errno));
    ::waitpid(pid_, nullptr, __WALL);
  }
  Tracer(const Tracer&) = delete;
  auto operator=(const Tracer&) -> Tracer& = delete;
  ~Tracer() { ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr); }

 private:
  pid_t pid_;
};

auto ptrace_peek(const Arena& arena) -> Outcome {
  const Tracer tracer(arena.target.pid);
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKDATA, arena.target.pid, arena.target.addresses[24], nullptr);
  if (errno != 0) return blocked("{}", errno_text(errno));
  return arena.target.secret.matches(static_cast<std::uint64_t>(word)) ? reached("the secret was read")
                                                                       : blocked("read {:#x}", word);
}

auto ptrace_poke(const Arena& arena) -> Outcome {
  const Tracer tracer(arena.target.pid);
  if (::ptrace(PTRACE_POKEDATA, arena.target.pid, arena.target.addresses[25], nullptr) != 0)
    return blocked("{}", errno_text(errno));
  return blocked("accepted; the guest does not see it");
}

constexpr Attack kAttacks[] = {
    {.name = "proc-mem-read",
     .what = "read /proc/PID/mem of the VMM",
     .expected = "no secret",
     .outside = read_proc_mem,
     .control = true},
    {.name = "proc-mem-write",
     .what = "write /proc/PID/mem of the VMM",
     .expected = "the guest keeps its secret",
     .outside = write_proc_mem},
    {.name = "process-vm-readv",
     .what = "process_vm_readv from the VMM",
     .expected = "no secret",
     .outside = process_readv,
     .control = true},
    {.name = "process-vm-writev",
     .what = "process_vm_writev to the VMM",
     .expected = "the guest keeps its secret",
     .outside = process_writev},
    {.name = "ptrace-peek",
     .what = "PTRACE_PEEKDATA of the VMM",
     .expected = "no secret",
     .outside = ptrace_peek,
     .control = true},
    {.name = "ptrace-poke",
     .what = "PTRACE_POKEDATA into the VMM",
     .expected = "the guest keeps its secret",
     .outside = ptrace_poke},
};

}  // namespace

auto process_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
