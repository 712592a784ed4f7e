// SPDX-License-Identifier: Apache-2.0
// Test program for the host, as root: VMs whose process ends before their files, and processes that do not want to end.
// One line per wrong answer; exit code 0 if there was none.
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::uint64_t kRam = 0x4000'0000;
constexpr std::size_t kRamBytes = 0x20'0000;
constexpr std::uint32_t kBranchToItself = 0x1400'0000;
constexpr std::uint64_t kPc = 0x6030'0000'0010'0040;

// struct kvm_signal_mask has another size in C++, and so has the request another number.
struct SignalMask {
  std::uint32_t length = 8;
  unsigned char signals[8] = {};
};
constexpr unsigned long kSetSignalMask = _IOC(_IOC_WRITE, KVMIO, 0x8b, sizeof(std::uint32_t));

int wrong = 0;

void expect(bool good, const char* what) {
  if (good) return;
  std::printf("kvm_ends %s\n", what);
  ++wrong;
}

auto read_number(const char* path, const char* key) -> long {
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) return -1;
  char line[128];
  long value = -1;
  while (value < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, key, std::strlen(key)) == 0) value = std::atol(line + std::strlen(key));
  }
  std::fclose(file);
  return value;
}

// The pages that nobody has. MemFree leaves out what each CPU keeps for itself, up to tens of MiB that come and go.
auto free_kib() -> long {
  std::FILE* file = std::fopen("/proc/zoneinfo", "r");
  if (file == nullptr) return -1;
  char line[128];
  long kept = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    long pages = 0;
    if (std::sscanf(line, " count: %ld", &pages) == 1) kept += pages;
  }
  std::fclose(file);
  return read_number("/proc/meminfo", "MemFree:") + kept * (::sysconf(_SC_PAGESIZE) / 1024);
}

auto vms() -> long { return read_number("/sys/kernel/redoubt/vms", ""); }

struct Machine {
  int kvm = -1, vm = -1, vcpu = -1;
};

// A VM that spins when it runs.
auto make_spinner() -> Machine {
  Machine machine;
  machine.kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  machine.vm = ::ioctl(machine.kvm, KVM_CREATE_VM, 0L);
  machine.vcpu = ::ioctl(machine.vm, KVM_CREATE_VCPU, 0L);
  void* ram = ::mmap(nullptr, kRamBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (machine.vcpu < 0 || ram == MAP_FAILED) return {};
  *static_cast<std::uint32_t*>(ram) = kBranchToItself;
  kvm_userspace_memory_region region{.slot = 0,
                                     .flags = 0,
                                     .guest_phys_addr = kRam,
                                     .memory_size = kRamBytes,
                                     .userspace_addr = reinterpret_cast<std::uintptr_t>(ram)};
  kvm_vcpu_init init{};
  std::uint64_t pc = kRam;
  kvm_one_reg set_pc{.id = kPc, .addr = reinterpret_cast<std::uintptr_t>(&pc)};
  const bool good = ::ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION, &region) == 0 &&
                    ::ioctl(machine.vm, KVM_ARM_PREFERRED_TARGET, &init) == 0 &&
                    ::ioctl(machine.vcpu, KVM_ARM_VCPU_INIT, &init) == 0 &&
                    ::ioctl(machine.vcpu, KVM_SET_ONE_REG, &set_pc) == 0;
  return good ? machine : Machine{};
}

void send_file(int socket, int fd) {
  char byte = 0;
  iovec data{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  static_cast<void>(::sendmsg(socket, &message, 0));
}

// KVM_RUN with every signal blocked, SIGKILL among them as far as the program may say so.
[[noreturn]] void run_deaf(int socket) {
  const Machine machine = make_spinner();
  SignalMask all;
  std::memset(all.signals, 0xff, sizeof all.signals);
  if (machine.vcpu < 0 || ::ioctl(machine.vcpu, kSetSignalMask, &all) != 0) ::_exit(3);
  send_file(socket, machine.vm);
  ::ioctl(machine.vcpu, KVM_RUN, 0L);
  ::_exit(4);
}

auto killed_within(pid_t child, int seconds) -> bool {
  int status = 0;
  for (int i = 0; i < seconds * 100; ++i) {
    if (::waitpid(child, &status, WNOHANG) == child) return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    ::usleep(10'000);
  }
  return false;
}

// The VM's file is in flight in a socket when its process is killed inside KVM_RUN.
void killed_with_file_elsewhere() {
  const long before = vms();
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return expect(false, "no socket");
  const pid_t child = ::fork();
  if (child == 0) run_deaf(sockets[1]);
  ::close(sockets[1]);
  char byte = 0;
  expect(::recv(sockets[0], &byte, 1, MSG_PEEK) == 1, "the child made no VM");
  ::usleep(300'000);
  expect(vms() == before + 1, "the VM of the child is not counted");
  ::kill(child, SIGKILL);
  expect(killed_within(child, 20), "a process inside KVM_RUN with all signals blocked cannot be killed");
  expect(vms() == before, "the VM of a killed process lives on: its file is in a socket");
  ::close(sockets[0]);
}

// A child that inherits the VM of its parent has nothing of it.
void used_by_a_child() {
  const Machine machine = make_spinner();
  expect(machine.vcpu >= 0, "no VM");
  const pid_t child = ::fork();
  if (child == 0) {
    const bool refused = ::ioctl(machine.vcpu, KVM_RUN, 0L) == -1 && errno == EIO;
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  expect(status == 0, "a child may run its parent's vCPU");
  ::close(machine.vcpu);
  ::close(machine.vm);
  ::close(machine.kvm);
}

// Each VM must give back every page: a lost one shows after some thousand.
void nothing_is_lost() {
  constexpr int kRounds = 3000;
  const int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  long before = 0;
  for (int i = -100; i < kRounds; ++i) {
    if (i == 0) before = free_kib();
    const int vm = ::ioctl(kvm, KVM_CREATE_VM, 0L);
    if (vm < 0) return expect(false, "VMs run out");
    ::close(vm);
  }
  const long lost = before - free_kib();
  std::printf("kvm_ends: %ld KiB less free after %d VMs\n", lost, kRounds);
  expect(lost < kRounds * 4 / 2, "every VM leaks a page");
  ::close(kvm);
}

}  // namespace

int main() {
  if (vms() < 0) {
    std::puts("kvm_ends: needs /sys/kernel/redoubt (root)");
    return 2;
  }
  killed_with_file_elsewhere();
  used_by_a_child();
  nothing_is_lost();
  return wrong == 0 ? 0 : 1;
}
