// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/kvm_events.hpp"

#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

// KVM_IRQ_LINE on arm64 (api.rst 4.25): type in [27:24], 1 = SPI; INTID in [15:0].
constexpr std::uint32_t kIrqTypeSpi = 1u << 24;
constexpr std::uint32_t kFirstSpi = 32;

[[nodiscard]] auto make_event() -> UniqueFd {
  UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event) fail("eventfd: {}", errno_text(errno));
  return event;
}

}  // namespace

KvmIrqLine::KvmIrqLine(const KvmVm& vm, Spi spi, Kind kind) : vm_(vm), spi_(spi) {
  if (kind == Kind::kLevel || vm.capability(KVM_CAP_IRQFD) == 0) return;
  UniqueFd event = make_event();
  kvm_irqfd request{};
  request.fd = static_cast<std::uint32_t>(event.get());
  // The default routing maps GSI n to SPI n.
  request.gsi = spi.number;
  if (::ioctl(vm.fd(), KVM_IRQFD, &request) == 0) event_ = std::move(event);
}

void KvmIrqLine::set_level(bool high) {
  kvm_irq_level request{};
  request.irq = kIrqTypeSpi | (kFirstSpi + spi_.number);
  request.level = high ? 1 : 0;
  ::ioctl(vm_.fd(), KVM_IRQ_LINE, &request);
}

void KvmIrqLine::pulse() {
  if (event_) {
    ::eventfd_write(event_.get(), 1);
    return;
  }
  set_level(true);
  set_level(false);
}

Doorbell::Doorbell(const KvmVm& vm, Ipa address, std::uint32_t value) : event_(make_event()) {
  if (vm.capability(KVM_CAP_IOEVENTFD) == 0) return;
  kvm_ioeventfd request{};
  request.addr = address.value();
  request.len = sizeof value;
  request.datamatch = value;
  request.fd = event_.get();
  request.flags = KVM_IOEVENTFD_FLAG_DATAMATCH;
  // On failure the write exits to the vCPU thread, which calls ring().
  ::ioctl(vm.fd(), KVM_IOEVENTFD, &request);
}

void Doorbell::ring() const { ::eventfd_write(event_.get(), 1); }

void Doorbell::drain() const {
  eventfd_t count = 0;
  ::eventfd_read(event_.get(), &count);
}

}  // namespace redoubt::vmm
