// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/kvm.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "vmm/vm/failure.hpp"
#include "vmm/vm/kvm_abi.hpp"

namespace redoubt::vmm {
namespace {

constexpr const char* kDevice = "/dev/kvm";

[[noreturn]] void fail_open(int error) {
  switch (error) {
    case ENOENT: fail("{} does not exist: load the KVM module (under Redoubt: insmod redoubt.ko)", kDevice);
    case EACCES:
    case EPERM: fail("no permission to open {}: join the group that owns it (often 'kvm') or run as root", kDevice);
    default: fail("cannot open {}: {}", kDevice, errno_text(error));
  }
}

[[noreturn]] void fail_create(int error, std::uint64_t type) {
  if (error == EINVAL && (type & kVmTypeRealm) != 0) {
    fail(
        "this KVM cannot run protected VMs (KVM_CREATE_VM of type {:#x}: {}); boot Redoubt before Linux and load "
        "redoubt.ko, or leave out --protected",
        type, errno_text(error));
  }
  if (error == EBUSY || error == ENOSPC) fail("the hypervisor has no room for another VM: {}", errno_text(error));
  fail("KVM_CREATE_VM of type {:#x} failed: {}", type, errno_text(error));
}

}  // namespace

Kvm::Kvm() : fd_(::open(kDevice, O_RDWR | O_CLOEXEC)) {
  if (!fd_) fail_open(errno);
  const int version = ::ioctl(fd_.get(), KVM_GET_API_VERSION, 0);
  if (version != KVM_API_VERSION)
    fail("{} speaks KVM API {}, this program needs {}", kDevice, version, KVM_API_VERSION);
}

auto Kvm::capability(unsigned number) const noexcept -> int {
  const int answer = ::ioctl(fd_.get(), KVM_CHECK_EXTENSION, number);
  return answer < 0 ? 0 : answer;
}

auto Kvm::run_bytes() const -> std::size_t {
  const int bytes = ::ioctl(fd_.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
  if (bytes < static_cast<int>(sizeof(kvm_run))) fail("KVM_GET_VCPU_MMAP_SIZE answered {}", bytes);
  return static_cast<std::size_t>(bytes);
}

KvmVm::KvmVm(const Kvm& kvm, std::uint64_t type) {
  int fd = -1;
  do {
    fd = ::ioctl(kvm.fd(), KVM_CREATE_VM, type);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) fail_create(errno, type);
  fd_ = UniqueFd{fd};
}

auto KvmVm::capability(unsigned number) const noexcept -> int {
  const int answer = ::ioctl(fd_.get(), KVM_CHECK_EXTENSION, number);
  return answer < 0 ? 0 : answer;
}

void KvmVm::set_memory(std::uint32_t slot, Ipa base, std::span<std::byte> memory) {
  kvm_userspace_memory_region region{};
  region.slot = slot;
  region.guest_phys_addr = base.value();
  region.memory_size = memory.size();
  region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory.data());
  if (::ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &region) == 0) return;
  const int error = errno;
  if (error == EPERM) {
    fail(
        "KVM refused the guest's memory ({} MiB): the locked-memory limit is too low; raise it with 'ulimit -l' or "
        "LimitMEMLOCK=",
        memory.size() >> 20);
  }
  fail("KVM_SET_USER_MEMORY_REGION of {} MiB failed: {}", memory.size() >> 20, errno_text(error));
}

auto KvmVm::create_device(std::uint32_t type) -> UniqueFd {
  kvm_create_device device{};
  device.type = type;
  if (::ioctl(fd_.get(), KVM_CREATE_DEVICE, &device) != 0) {
    fail("KVM_CREATE_DEVICE of type {} failed: {}", type, errno_text(errno));
  }
  return UniqueFd{static_cast<int>(device.fd)};
}

auto KvmVm::create_vcpu(unsigned index) -> UniqueFd {
  const int fd = ::ioctl(fd_.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(index));
  if (fd < 0) fail("KVM_CREATE_VCPU {} failed: {}", index, errno_text(errno));
  return UniqueFd{fd};
}

void set_device_attr(int fd, std::uint32_t group, std::uint64_t attr, const void* value, const char* what) {
  kvm_device_attr request{};
  request.group = group;
  request.attr = attr;
  request.addr = reinterpret_cast<std::uintptr_t>(value);
  if (::ioctl(fd, KVM_SET_DEVICE_ATTR, &request) != 0) fail("{} failed: {}", what, errno_text(errno));
}

}  // namespace redoubt::vmm
