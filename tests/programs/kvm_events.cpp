// SPDX-License-Identifier: Apache-2.0
// Test program for the host: eventfds, interrupt lines, signals and memory slots of /dev/kvm, with a guest of a few
// instructions. Uses nothing but the KVM API. One line per wrong answer; exit code 0 if there was none.
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>

// Prepares the GIC for SPI 33 (level-triggered, group 1), writes 1 to DOORBELL + 8, then for ever: waits for an
// interrupt, acknowledges it, writes its number to DOORBELL (32 bits), ends it. With x0 = 1 at the start it only spins; with x0 = 2 it
// reads DOORBELL + 16, adds one, writes it to ROM and reads it back, writes what it read to DOORBELL + 24.
asm(R"(
  .pushsection .rodata
  .balign 8
  .globl guest_code, guest_code_end
guest_code:
  mov x19, #0x09000000
  mov x20, #0x08000000
  cmp x0, #1
  b.eq 9f
  cmp x0, #2
  b.eq 7f
  mov w1, #2
  str w1, [x20]
  mov w1, #-1
  str w1, [x20, #0x84]
  str w1, [x20, #0x104]
  mov x1, #0xf0
  msr S3_0_C4_C6_0, x1
  mov x1, #1
  msr S3_0_C12_C12_7, x1
  isb
  mov w1, #1
  str w1, [x19, #8]
1:wfi
2:mrs x2, S3_0_C12_C12_0
  isb
  mov x3, #1020
  cmp x2, x3
  b.hs 1b
  str w2, [x19]
  msr S3_0_C12_C12_1, x2
  isb
  b 2b
7:ldr w1, [x19, #16]
  add w1, w1, #1
  mov x2, #0x10000000
  str w1, [x2]
  ldr w1, [x2]
  str w1, [x19, #24]
9:b 9b
guest_code_end:
  .popsection
)");
extern "C" const char guest_code[], guest_code_end[];

namespace {

constexpr std::uint64_t kRam = 0x4000'0000;
constexpr std::uint64_t kRom = 0x1000'0000;
constexpr std::uint64_t kDoorbell = 0x0900'0000;
constexpr std::size_t kPage = 4096;
constexpr std::uint64_t kCore = 0x6030'0000'0010'0000;
constexpr int kPatienceMs = 20'000;

int wrong = 0;

void expect(bool good, const char* what) {
  if (good) return;
  std::printf("kvm_events %s: wrong (errno %s)\n", what, std::strerror(errno));
  ++wrong;
}

struct Machine {
  int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  int vm = ::ioctl(kvm, KVM_CREATE_VM, 0L);
  int gic = -1;
  int vcpu = -1;
  kvm_run* run = nullptr;
  void* ram = MAP_FAILED;
  void* rom = MAP_FAILED;

  void attribute(std::uint32_t group, std::uint64_t attr, void* value) const {
    kvm_device_attr request{.flags = 0, .group = group, .attr = attr, .addr = reinterpret_cast<std::uintptr_t>(value)};
    expect(::ioctl(gic, KVM_SET_DEVICE_ATTR, &request) == 0, "GIC attribute");
  }
  void place_gic() const {
    std::uint64_t distributor = 0x0800'0000, redistributors = 0x080a'0000;
    attribute(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &distributor);
    attribute(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redistributors);
  }
  void start_gic() const {
    std::uint32_t irqs = 96;
    attribute(KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &irqs);
    attribute(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, nullptr);
  }
  void set_register(std::uint64_t id, std::uint64_t value) const {
    kvm_one_reg reg{.id = id, .addr = reinterpret_cast<std::uintptr_t>(&value)};
    expect(::ioctl(vcpu, KVM_SET_ONE_REG, &reg) == 0, "register");
  }
  void slot(std::uint32_t id, std::uint64_t ipa, std::size_t bytes, void* memory, std::uint32_t flags = 0) const {
    kvm_userspace_memory_region region{.slot = id,
                                       .flags = flags,
                                       .guest_phys_addr = ipa,
                                       .memory_size = bytes,
                                       .userspace_addr = reinterpret_cast<std::uintptr_t>(memory)};
    expect(::ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0, "memory slot");
  }

  // init_first: the order of QEMU; otherwise that of the others.
  Machine(std::uint64_t x0, bool init_first) {
    kvm_create_device device{.type = KVM_DEV_TYPE_ARM_VGIC_V3, .fd = 0, .flags = 0};
    expect(::ioctl(vm, KVM_CREATE_DEVICE, &device) == 0, "GIC");
    gic = static_cast<int>(device.fd);
    if (!init_first) place_gic();
    vcpu = ::ioctl(vm, KVM_CREATE_VCPU, 0L);
    start_gic();
    if (init_first) place_gic();
    const auto run_bytes = static_cast<std::size_t>(::ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0L));
    run = static_cast<kvm_run*>(::mmap(nullptr, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0));
    ram = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    rom = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    std::memcpy(ram, guest_code, static_cast<std::size_t>(guest_code_end - guest_code));
    slot(0, kRam, kPage, ram);
    slot(1, kRom, kPage, rom, KVM_MEM_READONLY);
    kvm_vcpu_init init{};
    expect(::ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init) == 0, "preferred target");
    init.features[0] = 1U << KVM_ARM_VCPU_PSCI_0_2;
    expect(::ioctl(vcpu, KVM_ARM_VCPU_INIT, &init) == 0, "vCPU init");
    set_register(kCore | 0x40, kRam);   // pc
    set_register(kCore | 0x42, 0x3c5);  // pstate: EL1h, masked
    set_register(kCore, x0);
  }
  ~Machine() {
    for (const int fd : {vcpu, gic, vm, kvm}) ::close(fd);
  }
  [[nodiscard]] auto line(std::uint32_t level) const -> int {
    kvm_irq_level irq{.irq = (KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT) | 33U, .level = level};
    return ::ioctl(vm, KVM_IRQ_LINE, &irq);
  }
  // Runs to the next MMIO exit; the value written, or -1.
  auto next_write(std::uint64_t address) const -> std::int64_t {
    if (::ioctl(vcpu, KVM_RUN, 0L) != 0 || run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != address)
      return -1;
    std::uint32_t value = 0;
    std::memcpy(&value, run->mmio.data, sizeof value);
    return run->mmio.is_write != 0 ? static_cast<std::int64_t>(value) : -1;
  }
};

auto readable(int fd, int patience) -> bool {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, patience) == 1;
}

auto drain(int fd) -> std::uint64_t {
  std::uint64_t count = 0;
  return ::read(fd, &count, sizeof count) == sizeof count ? count : 0;
}

void* run_on(void* machine) {
  const auto* m = static_cast<Machine*>(machine);
  while (::ioctl(m->vcpu, KVM_RUN, 0L) == 0) {
  }
  return nullptr;
}

struct Runner {
  pthread_t thread{};
  Machine& machine;
  explicit Runner(Machine& m) : machine(m) { expect(::pthread_create(&thread, nullptr, run_on, &m) == 0, "thread"); }
  ~Runner() {
    machine.run->immediate_exit = 1;
    ::pthread_kill(thread, SIGUSR1);
    ::pthread_join(thread, nullptr);
  }
};

void lines_without_eventfds() {
  const Machine m{0, true};
  expect(m.next_write(kDoorbell + 8) == 1, "guest is ready (INIT first)");
  expect(m.line(1) == 0, "line up");
  expect(m.next_write(kDoorbell) == 33, "level interrupt arrives");
  expect(m.next_write(kDoorbell) == 33, "and again while the line is up");
  expect(m.line(0) == 0, "line down");
  ::alarm(1);
  expect(::ioctl(m.vcpu, KVM_RUN, 0L) == -1 && errno == EINTR, "and not once it is down");
}

void eventfds() {
  Machine m{0, false};
  const int ready = ::eventfd(0, EFD_CLOEXEC), taken = ::eventfd(0, EFD_CLOEXEC);
  const int raise = ::eventfd(0, EFD_CLOEXEC), ended = ::eventfd(0, EFD_CLOEXEC);
  kvm_ioeventfd doorbell{.datamatch = 0, .addr = kDoorbell + 8, .len = 4, .fd = ready, .flags = 0, .pad = {}};
  expect(::ioctl(m.vm, KVM_IOEVENTFD, &doorbell) == 0, "ioeventfd");
  expect(::ioctl(m.vm, KVM_IOEVENTFD, &doorbell) == -1 && errno == EEXIST, "the same ioeventfd again");
  kvm_ioeventfd match{
      .datamatch = 33, .addr = kDoorbell, .len = 4, .fd = taken, .flags = KVM_IOEVENTFD_FLAG_DATAMATCH, .pad = {}};
  expect(::ioctl(m.vm, KVM_IOEVENTFD, &match) == 0, "ioeventfd with data");
  kvm_irqfd irqfd{.fd = static_cast<std::uint32_t>(raise),
                  .gsi = 1,
                  .flags = KVM_IRQFD_FLAG_RESAMPLE,
                  .resamplefd = static_cast<std::uint32_t>(ended),
                  .pad = {}};
  expect(::ioctl(m.vm, KVM_IRQFD, &irqfd) == 0, "irqfd with resample");
  expect(::ioctl(m.vm, KVM_IRQFD, &irqfd) == -1 && errno == EBUSY, "the same irqfd again");
  const Runner runner{m};
  expect(readable(ready, kPatienceMs), "doorbell rings");
  const std::uint64_t one = 1;
  for (int i = 0; i < 3; ++i) {
    expect(::write(raise, &one, sizeof one) == sizeof one, "raise");
    expect(readable(taken, kPatienceMs), "interrupt is taken");
    expect(readable(ended, kPatienceMs), "and its end is reported");
    expect(drain(ended) == 1, "once");
    drain(taken);
  }
  expect(!readable(taken, 200), "no interrupt that nobody asked for");
  irqfd.flags = KVM_IRQFD_FLAG_DEASSIGN;
  expect(::ioctl(m.vm, KVM_IRQFD, &irqfd) == 0, "irqfd goes");
  expect(::write(raise, &one, sizeof one) == sizeof one && !readable(taken, 200), "and raises nothing any more");
}

void read_only_memory() {
  const Machine m{2, false};
  static_cast<std::uint32_t*>(m.rom)[0] = 77;
  expect(::ioctl(m.vcpu, KVM_RUN, 0L) == 0 && m.run->exit_reason == KVM_EXIT_MMIO && m.run->mmio.is_write == 0,
         "MMIO read");
  const std::uint32_t answer = 41;
  std::memcpy(m.run->mmio.data, &answer, sizeof answer);
  expect(m.next_write(kRom) == 42, "a write to ROM reaches us");
  expect(m.next_write(kDoorbell + 24) == 77, "and does not change it");
}

void ignore(int) {}

void signals() {
  struct sigaction action{};
  action.sa_handler = ignore;
  ::sigaction(SIGUSR1, &action, nullptr);
  ::sigaction(SIGALRM, &action, nullptr);
  const Machine m{1, false};
  m.run->immediate_exit = 1;
  expect(::ioctl(m.vcpu, KVM_RUN, 0L) == -1 && errno == EINTR, "immediate_exit");
  m.run->immediate_exit = 0;
  ::alarm(1);
  expect(::ioctl(m.vcpu, KVM_RUN, 0L) == -1 && errno == EINTR && m.run->exit_reason == KVM_EXIT_INTR,
         "a signal ends a busy guest");
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::ioctl(m.vcpu, KVM_RUN, 0L) == -1 && errno == EIO ? 0 : 1);
  int status = 1;
  expect(::waitpid(child, &status, 0) == child && status == 0, "another process may not run it");
}

// The reset that QEMU and others make: every listed register can be read and written back.
void register_list() {
  const Machine m{1, false};
  static struct {
    std::uint64_t count;
    std::uint64_t ids[1024];
  } list{.count = 0, .ids = {}};
  // Not KVM_GET_REG_LIST: in C++ the empty struct inside kvm_reg_list has a size, which is part of the number.
  const unsigned long get_list = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0xb0U, sizeof(std::uint64_t));
  expect(::ioctl(m.vcpu, get_list, &list) == -1 && errno == E2BIG && list.count > 100, "length of the register list");
  expect(list.count <= 1024 && ::ioctl(m.vcpu, get_list, &list) == 0, "register list");
  for (std::uint64_t i = 0; i < list.count; ++i) {
    alignas(16) std::uint8_t value[16] = {};
    kvm_one_reg reg{.id = list.ids[i], .addr = reinterpret_cast<std::uintptr_t>(value)};
    const bool good = ::ioctl(m.vcpu, KVM_GET_ONE_REG, &reg) == 0 && ::ioctl(m.vcpu, KVM_SET_ONE_REG, &reg) == 0;
    if (!good)
      std::printf("kvm_events register %llx: %s\n", static_cast<unsigned long long>(reg.id), std::strerror(errno));
    wrong += good ? 0 : 1;
  }
}

}  // namespace

int main() {
  signals();
  lines_without_eventfds();
  eventfds();
  read_only_memory();
  register_list();
  std::printf("kvm_events: %d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
