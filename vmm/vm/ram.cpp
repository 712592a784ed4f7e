// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/ram.hpp"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/addr.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

[[nodiscard]] auto may_lock_without_limit() -> bool {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

}  // namespace

Ram::Ram(std::uint64_t bytes) {
  const std::uint64_t reserve = bytes + kBlockSize;
  void* mapped = ::mmap(nullptr, reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) fail("cannot allocate {} MiB of guest memory: {}", bytes / kMiB, errno_text(errno));
  auto* start = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const std::uint64_t lead = (kBlockSize - address % kBlockSize) % kBlockSize;
  if (lead != 0) ::munmap(start, lead);
  ::munmap(start + lead + bytes, reserve - lead - bytes);
  bytes_ = {start + lead, bytes};
  // Hints: a host without huge pages still runs the guest, slower.
  ::madvise(bytes_.data(), bytes, MADV_HUGEPAGE);
  ::madvise(bytes_.data(), bytes, MADV_DONTFORK);
  ::madvise(bytes_.data(), bytes, MADV_DONTDUMP);
}

Ram::~Ram() { ::munmap(bytes_.data(), bytes_.size()); }

void check_locked_memory_limit(std::uint64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= bytes) return;
  if (may_lock_without_limit()) return;
  fail(
      "a protected VM keeps its {} MiB locked in host memory, but this process may lock only {} MiB (RLIMIT_MEMLOCK): "
      "run 'ulimit -l unlimited' first, or set LimitMEMLOCK= in the systemd unit, or memlock in "
      "/etc/security/limits.conf, or give a smaller --memory",
      bytes / kMiB, limit.rlim_cur / kMiB);
}

}  // namespace redoubt::vmm
