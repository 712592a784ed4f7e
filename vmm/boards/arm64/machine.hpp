// SPDX-License-Identifier: Apache-2.0
// The arm64 virtual machine: puts the parts together and runs them.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vmm/backend/block_backend.hpp"
#include "vmm/backend/console.hpp"
#include "vmm/backend/entropy.hpp"
#include "vmm/backend/vsock_mux.hpp"
#include "vmm/boards/arm64/cpu.hpp"
#include "vmm/boards/arm64/gic.hpp"
#include "vmm/devices/console.hpp"
#include "vmm/devices/pl011.hpp"
#include "vmm/virtio/slot.hpp"
#include "vmm/vm/config.hpp"
#include "vmm/vm/ending.hpp"
#include "vmm/vm/event_loop.hpp"
#include "vmm/vm/guest_memory.hpp"
#include "vmm/vm/kvm.hpp"
#include "vmm/vm/kvm_events.hpp"
#include "vmm/vm/mmio_bus.hpp"
#include "vmm/vm/ram.hpp"
#include "vmm/vm/vcpu.hpp"

namespace redoubt::vmm::arm64 {

class Machine final : public VcpuEvents {
 public:
  // Ready to run. console: the open files of config.console. Throws Failure.
  Machine(const MachineConfig& config, EventLoop& loop, Console::Files console);
  ~Machine() override;

  // Until the guest or end() ends it. Once.
  [[nodiscard]] auto run() -> Ending;
  // Ends the VM from any thread. The first caller's ending counts.
  void end(Ending ending);

 private:
  void on_system_event(unsigned vcpu, std::uint32_t type, std::span<const std::uint64_t> data) override;
  void on_stuck(unsigned vcpu, std::string why) override;
  void create_vcpus();
  void create_devices(const std::string& bootargs);
  void create_virtio_devices();
  void plug(VirtioDevice& device);
  void boot(const std::string& bootargs);

  const MachineConfig config_;
  EventLoop& loop_;
  Kvm kvm_;
  unsigned ipa_bits_;
  Ram ram_;
  GuestMemory memory_;
  KvmVm vm_;
  Gic gic_;
  CpuModel cpu_model_;
  MmioBus bus_;
  Console console_;
  std::optional<KvmIrqLine> uart_irq_;
  std::optional<Pl011> uart_;
  SystemEntropy entropy_;
  std::vector<std::unique_ptr<BlockBackend>> disks_;
  VirtioConsole virtio_console_;
  std::unique_ptr<VsockMux> vsock_mux_;
  std::vector<std::unique_ptr<VirtioDevice>> devices_;  // all but the console
  std::vector<std::unique_ptr<VirtioSlot>> slots_;      // in the order of the device tree
  std::mutex mutex_;
  std::optional<Ending> ending_;              // guarded by mutex_
  std::vector<std::unique_ptr<Vcpu>> vcpus_;  // last: their threads use everything above
};

}  // namespace redoubt::vmm::arm64
