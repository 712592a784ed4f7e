// SPDX-License-Identifier: Apache-2.0
// The VMM against its own guest: its mapping of guest memory. Runs inside the VMM's process.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "vmm/attack/attack.hpp"
#include "vmm/vm/failure.hpp"
#include "vmm/vm/guarded_copy.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::size_t kPeek = 256;
using Peek = std::array<std::byte, kPeek>;

[[nodiscard]] auto judge(const Inside& inside, std::span<const std::byte> bytes) -> Outcome {
  return inside.secret.found_in(bytes) ? reached("the secret was read")
                                       : blocked("readable, but nothing of the guest's in it");
}

auto read_mapping(const Inside& inside) -> Outcome {
  Peek bytes{};
  if (!guarded_copy(bytes.data(), inside.page, bytes.size())) return blocked("SIGBUS");
  return judge(inside, bytes);
}

auto write_mapping(const Inside& inside) -> Outcome {
  const Peek bytes{};
  if (!guarded_copy(inside.page, bytes.data(), bytes.size())) return blocked("SIGBUS");
  return reached("the store was performed");
}

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe(ends) != 0) fail("pipe: {}", errno_text(errno));
  }
  Pipe(const Pipe&) = delete;
  auto operator=(const Pipe&) -> Pipe& = delete;
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
};

auto write_to_pipe(const Inside& inside) -> Outcome {
  const Pipe pipe;
  const ssize_t done = ::write(pipe.ends[1], inside.page, kPeek);
  if (done < 0) return errno == EFAULT ? blocked("EFAULT") : reached("write failed with {}", errno_text(errno));
  Peek bytes{};
  if (::read(pipe.ends[0], bytes.data(), bytes.size()) <= 0) return blocked("nothing was written");
  return judge(inside, bytes);
}

auto read_from_pipe(const Inside& inside) -> Outcome {
  const Pipe pipe;
  const Peek zeros{};
  if (::write(pipe.ends[1], zeros.data(), zeros.size()) != static_cast<ssize_t>(zeros.size()))
    return skipped("no pipe");
  const ssize_t done = ::read(pipe.ends[0], inside.page, zeros.size());
  if (done < 0 && errno == EFAULT) return blocked("EFAULT");
  return reached("read answered {}", done);
}

// MADV_DONTFORK is the VMM's own choice, so the attack takes it back.
auto fork_and_read(const Inside& inside) -> Outcome {
  if (::madvise(inside.page, kPageSize, MADV_DOFORK) != 0) return skipped("madvise: {}", errno_text(errno));
  const pid_t child = ::fork();
  if (child < 0) return skipped("fork: {}", errno_text(errno));
  if (child == 0) {
    Peek bytes{};
    if (!guarded_copy(bytes.data(), inside.page, bytes.size())) ::_exit(2);
    ::_exit(inside.secret.found_in(bytes) ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::madvise(inside.page, kPageSize, MADV_DONTFORK);
  if (WIFSIGNALED(status)) return blocked("the child died of signal {}", WTERMSIG(status));
  switch (WEXITSTATUS(status)) {
    case 0: return blocked("the child read nothing of the guest's");
    case 1: return reached("the child read the secret");
    default: return blocked("fault in the child");
  }
}

auto drop_and_touch(const Inside& inside) -> Outcome {
  if (::madvise(inside.page, kPageSize, MADV_DONTNEED) != 0) return blocked("madvise: {}", errno_text(errno));
  const Outcome outcome = read_mapping(inside);
  return {outcome.reach, "after MADV_DONTNEED: " + outcome.observed};
}

auto move_and_read(const Inside& inside) -> Outcome {
  void* const moved = ::mremap(inside.page, kPageSize, kPageSize, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, nullptr);
  if (moved == MAP_FAILED) return blocked("mremap: {}", errno_text(errno));
  Peek bytes{};
  const bool read = guarded_copy(bytes.data(), moved, bytes.size());
  ::munmap(moved, kPageSize);
  return read ? judge(inside, bytes) : blocked("SIGBUS at the new address");
}

constexpr Attack kAttacks[] = {
    {.name = "vmm-mapping-read",
     .what = "the VMM loads from a page of its guest",
     .expected = "SIGBUS",
     .inside = read_mapping,
     .page = 8,
     .control = true},
    {.name = "vmm-mapping-write",
     .what = "the VMM stores to a page of its guest",
     .expected = "SIGBUS",
     .inside = write_mapping,
     .page = 9},
    {.name = "vmm-pipe-write",
     .what = "write(2) takes its bytes from a page of the guest",
     .expected = "EFAULT",
     .inside = write_to_pipe,
     .page = 10,
     .control = true},
    {.name = "vmm-pipe-read",
     .what = "read(2) puts its bytes into a page of the guest",
     .expected = "EFAULT",
     .inside = read_from_pipe,
     .page = 11},
    {.name = "vmm-fork-read",
     .what = "a forked child of the VMM reads its copy of a page of the guest",
     .expected = "a fault, or no secret",
     .inside = fork_and_read,
     .page = 12,
     .control = true},
    {.name = "vmm-madv-dontneed",
     .what = "the VMM drops a page of the guest from its mapping and touches it again",
     .expected = "a fault, or no secret",
     .inside = drop_and_touch,
     .page = 13},
    {.name = "vmm-mremap",
     .what = "the VMM moves its mapping of a page of the guest and reads it there",
     .expected = "a fault, or no secret",
     .inside = move_and_read,
     .page = 14,
     .control = true},
};

}  // namespace

auto mapping_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
