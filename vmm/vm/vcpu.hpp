// SPDX-License-Identifier: Apache-2.0
// One virtual CPU: its file descriptor, its shared kvm_run page and the loop that runs it.
#pragma once

#include <linux/kvm.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <thread>

#include "base/addr.hpp"
#include "vmm/vm/kvm.hpp"
#include "vmm/vm/mmio_bus.hpp"

namespace redoubt::vmm {

// What a vCPU tells the machine. Called on the vCPU's thread.
class VcpuEvents {
 public:
  virtual ~VcpuEvents() = default;
  // KVM_EXIT_SYSTEM_EVENT: type is KVM_SYSTEM_EVENT_*; data as far as KVM gave any.
  virtual void on_system_event(unsigned vcpu, std::uint32_t type, std::span<const std::uint64_t> data) = 0;
  // The vCPU cannot go on; why is a sentence.
  virtual void on_stuck(unsigned vcpu, std::string why) = 0;
};

class Vcpu {
 public:
  Vcpu(const Kvm& kvm, KvmVm& vm, unsigned index, const MmioBus& bus, VcpuEvents& events);
  Vcpu(const Vcpu&) = delete;
  auto operator=(const Vcpu&) -> Vcpu& = delete;
  ~Vcpu();

  [[nodiscard]] auto fd() const noexcept -> int { return fd_.get(); }
  [[nodiscard]] auto index() const noexcept -> unsigned { return index_; }

  // Once per process, before the first start(): makes the kick signal harmless.
  static void prepare_process();
  void start();
  // Makes the thread leave the guest and end; returns when it has. Safe to call more than once.
  void stop();

 private:
  void loop();
  // false when the vCPU must not run again.
  [[nodiscard]] auto handle_exit() -> bool;
  [[nodiscard]] auto handle_error(int error) -> bool;
  void handle_mmio();
  [[nodiscard]] auto handle_system_event() -> bool;

  UniqueFd fd_;
  unsigned index_;
  const MmioBus& bus_;
  VcpuEvents& events_;
  std::size_t run_bytes_;
  kvm_run* run_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace redoubt::vmm
