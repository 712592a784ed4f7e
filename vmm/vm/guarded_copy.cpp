// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/guarded_copy.hpp"

#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

// Set while this thread is inside a guarded access.
thread_local sigjmp_buf* t_landing = nullptr;

void on_fault(int signal, siginfo_t*, void*) {
  if (t_landing != nullptr) siglongjmp(*t_landing, 1);
  // Not ours: die of it as if there were no handler. The faulting instruction runs again on return.
  ::signal(signal, SIG_DFL);
}

// Runs `access` with faults turned into `false`. The mask need not be saved: SA_NODEFER leaves the signal unblocked.
template <class Access>
[[gnu::noinline]] auto guarded(Access access) noexcept -> bool {
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) != 0) {
    t_landing = nullptr;
    return false;
  }
  t_landing = &landing;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  access();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_landing = nullptr;
  return true;
}

}  // namespace

void install_fault_guard() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  for (const int signal : {SIGBUS, SIGSEGV}) {
    if (::sigaction(signal, &action, nullptr) != 0) fail("cannot handle signal {}: {}", signal, errno_text(errno));
  }
}

auto guarded_copy(void* to, const void* from, std::size_t n) noexcept -> bool {
  return guarded([=] { std::memcpy(to, from, n); });
}

template <class T>
auto guarded_load(const void* from, T& value) noexcept -> bool {
  return guarded([&] { value = __atomic_load_n(static_cast<const T*>(from), __ATOMIC_ACQUIRE); });
}

template <class T>
auto guarded_store(void* to, T value) noexcept -> bool {
  return guarded([=] { __atomic_store_n(static_cast<T*>(to), value, __ATOMIC_RELEASE); });
}

template auto guarded_load(const void*, std::uint16_t&) noexcept -> bool;
template auto guarded_store(void*, std::uint16_t) noexcept -> bool;

}  // namespace redoubt::vmm
