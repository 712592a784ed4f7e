// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/vcpu.hpp"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "vmm/vm/failure.hpp"
#include "vmm/vm/kvm_abi.hpp"

namespace redoubt::vmm {
namespace {

[[nodiscard]] auto kick_signal() -> int { return SIGRTMIN; }

void ignore_kick(int) {}

}  // namespace

void Vcpu::prepare_process() {
  struct sigaction action = {};
  action.sa_handler = ignore_kick;  // its only use is that KVM_RUN and write() return EINTR
  if (::sigaction(kick_signal(), &action, nullptr) != 0) fail("cannot handle the kick signal: {}", errno_text(errno));
}

Vcpu::Vcpu(const Kvm& kvm, KvmVm& vm, unsigned index, const MmioBus& bus, VcpuEvents& events)
    : fd_(vm.create_vcpu(index)), index_(index), bus_(bus), events_(events), run_bytes_(kvm.run_bytes()) {
  void* mapped = ::mmap(nullptr, run_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (mapped == MAP_FAILED) fail("cannot map the run page of vCPU {}: {}", index, errno_text(errno));
  run_ = static_cast<kvm_run*>(mapped);
}

Vcpu::~Vcpu() {
  stop();
  ::munmap(run_, run_bytes_);
}

void Vcpu::start() {
  thread_ = std::thread([this] {
    loop();
    ended_ = true;
  });
}

void Vcpu::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  __atomic_store_n(&run_->immediate_exit, 1, __ATOMIC_SEQ_CST);
  // Again and again, because the thread may be in another interruptible call than KVM_RUN when a signal arrives.
  while (!ended_) {
    ::pthread_kill(thread_.native_handle(), kick_signal());
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  thread_.join();
}

void Vcpu::loop() {
  while (!stopping_) {
    const int answer = ::ioctl(fd_.get(), KVM_RUN, 0);
    const bool go_on = answer == 0 ? handle_exit() : handle_error(errno);
    if (!go_on) return;
  }
}

auto Vcpu::handle_error(int error) -> bool {
  switch (error) {
    case EINTR:
    case EAGAIN: return true;
    case ENOSYS:
      events_.on_stuck(index_, "the guest accessed a device with an instruction that cannot be emulated");
      return false;
    case ENOMEM:
      events_.on_stuck(index_,
                       "the host has no memory for the guest: it is used up, or this process may not lock that "
                       "much (RLIMIT_MEMLOCK; see 'ulimit -l')");
      return false;
    case EFAULT:
      if (run_->exit_reason == kExitMemoryFault) {
        events_.on_stuck(index_, "the host could not provide memory for the guest");
        return false;
      }
      [[fallthrough]];
    default: events_.on_stuck(index_, fmt::format("KVM_RUN failed: {}", errno_text(error))); return false;
  }
}

auto Vcpu::handle_exit() -> bool {
  switch (run_->exit_reason) {
    case KVM_EXIT_MMIO: handle_mmio(); return true;
    case KVM_EXIT_INTR: return true;
    case KVM_EXIT_SYSTEM_EVENT: return handle_system_event();
    case KVM_EXIT_FAIL_ENTRY:
      events_.on_stuck(index_, fmt::format("the CPU refused to enter the guest (reason {:#x})",
                                           run_->fail_entry.hardware_entry_failure_reason));
      return false;
    case KVM_EXIT_INTERNAL_ERROR:
      events_.on_stuck(index_, fmt::format("KVM reports an internal error ({})", run_->internal.suberror));
      return false;
    default:
      events_.on_stuck(index_,
                       fmt::format("KVM gave exit reason {}, which this program does not know", run_->exit_reason));
      return false;
  }
}

void Vcpu::handle_mmio() {
  // KVM promises at most 8 bytes; a broken one must not make us overrun.
  const std::size_t length = std::min<std::size_t>(run_->mmio.len, sizeof run_->mmio.data);
  const Ipa address{run_->mmio.phys_addr};
  const auto data = std::as_writable_bytes(std::span{run_->mmio.data}).first(length);
  if (run_->mmio.is_write != 0) {
    bus_.write(address, data);
  } else {
    bus_.read(address, data);
  }
}

auto Vcpu::handle_system_event() -> bool {
  constexpr std::size_t kMaxData = sizeof run_->system_event.data / sizeof(std::uint64_t);
  const std::size_t count = std::min<std::size_t>(run_->system_event.ndata, kMaxData);
  std::array<std::uint64_t, kMaxData> data{};
  std::ranges::copy_n(std::begin(run_->system_event.data), static_cast<std::ptrdiff_t>(count), data.begin());
  events_.on_system_event(index_, run_->system_event.type, std::span{data}.first(count));
  return false;
}

}  // namespace redoubt::vmm
