// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/machine.hpp"

#include <algorithm>
#include <utility>

#include "vmm/backend/disk_file.hpp"
#include "vmm/boards/arm64/boot.hpp"
#include "vmm/boards/arm64/bootargs.hpp"
#include "vmm/boards/arm64/cpu.hpp"
#include "vmm/boards/arm64/layout.hpp"
#include "vmm/devices/block.hpp"
#include "vmm/devices/rng.hpp"
#include "vmm/devices/vsock.hpp"
#include "vmm/vm/kvm_abi.hpp"

namespace redoubt::vmm::arm64 {
namespace {

[[nodiscard]] auto max_ipa_bits(const Kvm& kvm) -> unsigned {
  return static_cast<unsigned>(std::max(0, kvm.capability(KVM_CAP_ARM_VM_IPA_SIZE)));
}

[[nodiscard]] auto vm_type(const Kvm& kvm, unsigned ipa_bits, bool is_protected) -> std::uint64_t {
  const std::uint64_t width = max_ipa_bits(kvm) == 0 ? 0 : ipa_bits;
  return is_protected ? kVmTypeRealm | ipa_bits : width;
}

// The alias bit is the top one of a protected guest's addresses (Arm RMM specification, "IPA space").
[[nodiscard]] auto shared_bit(unsigned ipa_bits, bool is_protected) -> std::uint64_t {
  return is_protected ? std::uint64_t{1} << (ipa_bits - 1) : 0;
}

}  // namespace

Machine::Machine(const MachineConfig& config, EventLoop& loop, Console::Files console)
    : config_(config),
      loop_(loop),
      ipa_bits_(choose_ipa_bits(config.memory_bytes, config.is_protected, max_ipa_bits(kvm_))),
      ram_(config.memory_bytes),
      memory_({RamRegion{kRam, ram_.bytes()}}, shared_bit(ipa_bits_, config.is_protected)),
      vm_(kvm_, vm_type(kvm_, ipa_bits_, config.is_protected)),
      gic_(vm_),
      cpu_model_(vm_),
      console_(loop, console, [this] { end({static_cast<int>(ExitCode::kGuestOff), "ended by Ctrl-A x"}); }),
      virtio_console_(console_) {
  const std::string bootargs = complete_bootargs(config_.cmdline, config_.memory_bytes, config_.is_protected);
  vm_.set_memory(0, kRam, ram_.bytes());
  create_vcpus();
  gic_.initialise();
  for (const auto& vcpu : vcpus_) cpu_model_.finish(*vcpu);
  create_devices(bootargs);
  boot(bootargs);
}

Machine::~Machine() {
  for (const auto& vcpu : vcpus_) vcpu->stop();
}

void Machine::create_vcpus() {
  const unsigned most = std::min({kMaxCpus, static_cast<unsigned>(std::max(1, vm_.capability(KVM_CAP_MAX_VCPUS)))});
  if (config_.cpus > most) fail("--cpus {} is too many: this KVM runs at most {} per guest", config_.cpus, most);
  for (unsigned index = 0; index < config_.cpus; ++index) {
    vcpus_.push_back(std::make_unique<Vcpu>(kvm_, vm_, index, bus_, *this));
    cpu_model_.initialise(*vcpus_.back(), index == 0);
  }
}

void Machine::create_devices(const std::string& bootargs) {
  uart_irq_.emplace(vm_, kUartSpi, KvmIrqLine::Kind::kLevel);
  uart_.emplace(*uart_irq_, console_);
  bus_.add(kUart, kUartBytes, *uart_);
  create_virtio_devices();
  ConsoleDevice* const input = input_is_virtio(bootargs) ? static_cast<ConsoleDevice*>(&virtio_console_) : &*uart_;
  console_.attach({&*uart_, &virtio_console_}, input);
}

void Machine::create_virtio_devices() {
  plug(virtio_console_);
  for (const DiskConfig& disk : config_.disks) {
    disks_.push_back(std::make_unique<DiskFile>(disk));
    plug(*devices_.emplace_back(std::make_unique<VirtioBlock>(*disks_.back())));
  }
  if (config_.vsock) {
    vsock_mux_ = std::make_unique<VsockMux>(loop_, config_.vsock->cid, config_.vsock->socket_path);
    plug(*devices_.emplace_back(std::make_unique<VirtioVsock>(config_.vsock->cid, *vsock_mux_)));
  }
  if (config_.rng) plug(*devices_.emplace_back(std::make_unique<VirtioRng>(entropy_)));
}

void Machine::plug(VirtioDevice& device) {
  const auto slot = static_cast<unsigned>(slots_.size());
  if (slot == kMaxVirtioDevices) fail("too many devices: a guest has room for {}", kMaxVirtioDevices);
  const VirtioSlot::Machine machine{vm_, memory_, loop_, bus_, config_.is_protected};
  slots_.push_back(std::make_unique<VirtioSlot>(machine, virtio_base(slot), kVirtioBytes, virtio_spi(slot), device));
}

void Machine::boot(const std::string& bootargs) {
  BootHardware hardware;
  for (const auto& vcpu : vcpus_) hardware.cpu_affinities.push_back(affinity_of(*vcpu));
  hardware.virtio_devices = static_cast<unsigned>(slots_.size());
  hardware.pmu = cpu_model_.has_pmu();
  const BootEntry entry = load_boot_files(config_, bootargs, std::move(hardware), memory_);
  set_boot_registers(*vcpus_.front(), entry.kernel, entry.dtb);
}

auto Machine::run() -> Ending {
  for (const auto& vcpu : vcpus_) vcpu->start();
  loop_.run();
  for (const auto& vcpu : vcpus_) vcpu->stop();
  console_.flush();
  const std::lock_guard lock(mutex_);
  if (!ending_) return {static_cast<int>(ExitCode::kFailure), "the VM ended without a reason"};
  const auto panic = console_.panic_reason();
  return panic ? ending_after_panic(std::move(*ending_), *panic) : std::move(*ending_);
}

void Machine::end(Ending ending) {
  {
    const std::lock_guard lock(mutex_);
    if (!ending_) ending_ = std::move(ending);
  }
  loop_.stop();
}

void Machine::on_system_event(unsigned vcpu, std::uint32_t type, std::span<const std::uint64_t> data) {
  end(ending_of_system_event(vcpu, type, data, config_.is_protected));
}

void Machine::on_stuck(unsigned vcpu, std::string why) {
  end({static_cast<int>(ExitCode::kGuestFault), fmt::format("vCPU {}: {}", vcpu, why)});
}

}  // namespace redoubt::vmm::arm64
