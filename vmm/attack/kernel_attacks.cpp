// SPDX-License-Identifier: Apache-2.0
// The host kernel against guest pages and against the hypervisor's own memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "vmm/attack/attack.hpp"
#include "vmm/attack/host_memory.hpp"
#include "vmm/vm/failure.hpp"
#include "vmm/vm/guarded_copy.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr unsigned kWords = 64;

[[nodiscard]] auto read_page(const Arena& arena, unsigned page, Mapping mapping) -> Outcome {
  bool seen = false;
  for (unsigned word = 0; word < kWords; ++word) {
    const auto value = arena.device.load(pa_of(arena.target.frames[page]) + word * 8, 8, mapping);
    if (!value) return blocked("fault");
    seen = seen || arena.target.secret.matches(*value);
  }
  return seen ? reached("the secret was read") : blocked("readable, but nothing of the guest's in it");
}

auto read_linear(const Arena& arena) -> Outcome { return read_page(arena, 30, Mapping::kLinear); }
auto read_alias(const Arena& arena) -> Outcome { return read_page(arena, 31, Mapping::kDevice); }

[[nodiscard]] auto write_page(const Arena& arena, unsigned page, Mapping mapping) -> Outcome {
  bool stored = false;
  for (unsigned word = 0; word < kWords; ++word) {
    stored = arena.device.store(pa_of(arena.target.frames[page]) + word * 8, 8, 0, mapping) || stored;
  }
  return stored ? blocked("accepted; the guest does not see it") : blocked("fault");
}

auto write_linear(const Arena& arena) -> Outcome { return write_page(arena, 32, Mapping::kLinear); }
auto write_alias(const Arena& arena) -> Outcome { return write_page(arena, 33, Mapping::kDevice); }

// Every 64 KiB of what EL2 took, first by load, then by store.
[[nodiscard]] auto reach_hypervisor(const Arena& arena, bool store) -> Outcome {
  constexpr std::uint64_t kStep = 16 * kPageSize;
  unsigned tried = 0;
  for (const MemoryRange& range : hypervisor_memory(arena.device)) {
    for (std::uint64_t at = 0; at < range.bytes; at += kStep) {
      const Pa pa = range.start + at;
      ++tried;
      if (store ? arena.device.store(pa, 8, 0, Mapping::kDevice)
                : arena.device.load(pa, 8, Mapping::kDevice).has_value()) {
        return reached("no fault at {:#x}", pa.value());
      }
    }
  }
  return tried == 0 ? skipped("the hypervisor's memory was not found") : blocked("fault at each of {} places", tried);
}

auto read_hypervisor(const Arena& arena) -> Outcome { return reach_hypervisor(arena, false); }
auto write_hypervisor(const Arena& arena) -> Outcome { return reach_hypervisor(arena, true); }

class DevMem {
 public:
  explicit DevMem(Pa pa) : fd_(::open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC)) {
    if (!fd_) return;
    mapped_ = ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), static_cast<off_t>(pa.value()));
    error_ = errno;
  }
  DevMem(const DevMem&) = delete;
  auto operator=(const DevMem&) -> DevMem& = delete;
  ~DevMem() {
    if (mapped_ != MAP_FAILED) ::munmap(mapped_, kPageSize);
  }
  [[nodiscard]] auto address() const -> void* { return mapped_; }
  [[nodiscard]] auto error() const -> int { return error_; }

 private:
  UniqueFd fd_;
  void* mapped_ = MAP_FAILED;
  int error_ = ENOENT;
};

// User space, so the access faults in another way than the kernel's.
auto devmem_hypervisor(const Arena& arena) -> Outcome {
  for (const MemoryRange& range : hypervisor_memory(arena.device)) {
    const DevMem memory(range.start);
    if (memory.address() == MAP_FAILED) return blocked("mmap: {}", errno_text(memory.error()));
    std::array<std::byte, 64> bytes{};
    if (guarded_copy(bytes.data(), memory.address(), bytes.size()))
      return reached("{:#x} was read", range.start.value());
    if (guarded_copy(memory.address(), bytes.data(), bytes.size()))
      return reached("{:#x} was written", range.start.value());
  }
  return blocked("SIGBUS");
}

auto devmem_guest(const Arena& arena) -> Outcome {
  const DevMem memory(pa_of(arena.target.frames[34]));
  if (memory.address() == MAP_FAILED) return blocked("mmap: {}", errno_text(memory.error()));
  std::array<std::byte, 256> bytes{};
  if (!guarded_copy(bytes.data(), memory.address(), bytes.size())) return blocked("SIGBUS");
  return arena.target.secret.found_in(bytes) ? reached("the secret was read") : blocked("no secret in what was read");
}

constexpr Attack kAttacks[] = {
    {.name = "linear-map-read",
     .what = "the kernel reads a guest page through its linear mapping",
     .expected = "no secret, no oops",
     .outside = read_linear,
     .control = true},
    {.name = "linear-map-write",
     .what = "the kernel overwrites a guest page through its linear mapping",
     .expected = "the guest keeps its secret",
     .outside = write_linear},
    {.name = "device-alias-read",
     .what = "the kernel reads a guest page through a mapping with device attributes",
     .expected = "no secret, no oops",
     .outside = read_alias,
     .control = true},
    {.name = "device-alias-write",
     .what = "the kernel overwrites a guest page through a mapping with device attributes",
     .expected = "the guest keeps its secret",
     .outside = write_alias},
    {.name = "el2-memory-read",
     .what = "the kernel maps the hypervisor's image and memory and reads them",
     .expected = "fault",
     .outside = read_hypervisor},
    {.name = "el2-memory-write",
     .what = "the kernel maps the hypervisor's image and memory and writes them",
     .expected = "fault",
     .outside = write_hypervisor},
    {.name = "devmem-el2",
     .what = "root maps the hypervisor's memory from /dev/mem",
     .expected = "SIGBUS or refusal",
     .outside = devmem_hypervisor},
    {.name = "devmem-guest",
     .what = "root maps a guest page from /dev/mem",
     .expected = "refusal or no secret",
     .outside = devmem_guest},
};

}  // namespace

auto kernel_attacks() -> std::span<const Attack> { return kAttacks; }

}  // namespace redoubt::vmm::attack
