// SPDX-License-Identifier: Apache-2.0
// Test program for the host: tries to read the secret of the payload `secret` out of the VMM process that runs it.
//   peek PID PATTERN        PATTERN: the hexadecimal number the payload printed
// One line per attempt: "peek <attempt>: <what was seen>". Exit code 0: the secret was not found; 3: it was; 1: cannot try.
#include <elf.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint32_t kLoadX0FromX1 = 0xf940'0020;  // ldr x0, [x1]
constexpr std::uint32_t kBreak = 0xd420'0000;         // brk #0

struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// As guest/payloads/secret/secret.hpp makes it.
[[nodiscard]] auto secret_word(std::uint64_t pattern, std::uint64_t index) -> std::uint64_t {
  std::uint64_t z = 0x5245'444f'5542'5421 + pattern + index * 0x9e37'79b9'7f4a'7c15;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

// The biggest writable mapping of the process: guest memory.
[[nodiscard]] auto guest_memory(int pid) -> Mapping {
  std::FILE* maps = std::fopen(("/proc/" + std::to_string(pid) + "/maps").c_str(), "r");
  if (maps == nullptr) die("maps");
  Mapping best;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), maps) != nullptr) {
    Mapping each;
    std::array<char, 5> access{};
    if (std::sscanf(line.data(), "%" SCNx64 "-%" SCNx64 " %4s", &each.start, &each.end, access.data()) != 3) continue;
    if (access[1] == 'w' && each.end - each.start > best.end - best.start) best = each;
  }
  std::fclose(maps);
  return best;
}

[[nodiscard]] auto contains(const std::vector<std::uint64_t>& data, std::size_t words, std::uint64_t pattern) -> bool {
  const std::uint64_t first = secret_word(pattern, 0);
  const std::uint64_t second = secret_word(pattern, 1);
  for (std::size_t i = 0; i + 1 < words; ++i) {
    if (data[i] == first && data[i + 1] == second) return true;
  }
  return false;
}

struct Scan {
  std::uint64_t pages = 0;
  std::uint64_t refused = 0;
  int error = 0;  // of the first refusal
  bool found = false;
};

// Reads page by page with `read` (number of bytes, or -1 and errno).
template <typename Read>
[[nodiscard]] auto scan(const Mapping& memory, std::uint64_t pattern, Read read) -> Scan {
  Scan result;
  std::vector<std::uint64_t> page(kPage / sizeof(std::uint64_t));
  for (std::uint64_t at = memory.start; at < memory.end; at += kPage) {
    ++result.pages;
    if (const ssize_t got = read(page.data(), at); got > 0) {
      result.found = result.found || contains(page, static_cast<std::size_t>(got) / sizeof(std::uint64_t), pattern);
    } else if (result.refused++ == 0) {
      result.error = errno;
    }
  }
  return result;
}

[[nodiscard]] auto report(const char* attempt, const Scan& result) -> bool {
  std::printf("peek %s: %s in %" PRIu64 " pages, %" PRIu64 " refused%s%s\n", attempt,
              result.found ? "SECRET FOUND" : "no secret", result.pages, result.refused,
              result.refused != 0 ? ": " : "", result.refused != 0 ? std::strerror(result.error) : "");
  return result.found;
}

[[nodiscard]] auto through_proc_mem(int pid, const Mapping& memory, std::uint64_t pattern) -> bool {
  const int fd = ::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) die("mem");
  const Scan result = scan(memory, pattern,
                           [fd](void* to, std::uint64_t at) { return ::pread(fd, to, kPage, static_cast<off_t>(at)); });
  ::close(fd);
  return report("/proc/PID/mem", result);
}

[[nodiscard]] auto through_vm_readv(int pid, const Mapping& memory, std::uint64_t pattern) -> bool {
  return report("process_vm_readv", scan(memory, pattern, [pid](void* to, std::uint64_t at) {
                  const iovec local{to, kPage};
                  const iovec remote{reinterpret_cast<void*>(at), kPage};
                  return ::process_vm_readv(pid, &local, 1, &remote, 1, 0);
                }));
}

// Where a process starts: code that none of its threads runs any more.
[[nodiscard]] auto entry_of(int pid) -> std::uint64_t {
  const int fd = ::open(("/proc/" + std::to_string(pid) + "/auxv").c_str(), O_RDONLY | O_CLOEXEC);
  std::array<std::uint64_t, 2> pair{};
  while (fd >= 0 && ::read(fd, pair.data(), sizeof pair) == sizeof pair) {
    if (pair[0] == AT_ENTRY) break;
  }
  ::close(fd);
  if (pair[0] != AT_ENTRY) die("auxv");
  return pair[1];
}

void registers(int pid, bool set, user_regs_struct& regs) {
  iovec area{&regs, sizeof regs};
  if (::ptrace(set ? PTRACE_SETREGSET : PTRACE_GETREGSET, pid, NT_PRSTATUS, &area) != 0) die("registers");
}

// Lets the VMM itself load from `address`; answers the signal it got (SIGTRAP: the load worked) and what it read.
[[nodiscard]] auto make_it_load(int pid, std::uint64_t code, std::uint64_t address, std::uint64_t& value) -> int {
  user_regs_struct saved{};
  registers(pid, false, saved);
  user_regs_struct injected = saved;
  injected.pc = code;
  injected.regs[1] = address;
  registers(pid, true, injected);
  int status = 0;
  if (::ptrace(PTRACE_CONT, pid, nullptr, nullptr) != 0 || ::waitpid(pid, &status, __WALL) != pid) die("continue");
  registers(pid, false, injected);
  value = injected.regs[0];
  registers(pid, true, saved);
  return WIFSTOPPED(status) ? WSTOPSIG(status) : -1;
}

[[nodiscard]] auto through_the_vmm(int pid, const Mapping& memory, std::uint64_t pattern) -> bool {
  int status = 0;
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0 || ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) != 0 ||
      ::waitpid(pid, &status, __WALL) != pid) {
    die("ptrace");
  }
  const std::uint64_t code = entry_of(pid);
  errno = 0;
  const long original = ::ptrace(PTRACE_PEEKTEXT, pid, code, nullptr);
  const std::uint64_t stub = kLoadX0FromX1 | std::uint64_t{kBreak} << 32;
  if (errno != 0 || ::ptrace(PTRACE_POKETEXT, pid, code, stub) != 0) die("poke");
  std::uint64_t loads = 0;
  std::uint64_t faults = 0;
  bool found = false;
  // One word per 64 KiB: the payload's copies of its secret fill a megabyte.
  for (std::uint64_t at = memory.start; at < memory.end; at += 16 * kPage) {
    std::uint64_t value = 0;
    const int signal = make_it_load(pid, code, at, value);
    loads += signal == SIGTRAP ? 1 : 0;
    faults += signal == SIGBUS ? 1 : 0;
    for (std::uint64_t i = 0; i < 4; ++i) found = found || (signal == SIGTRAP && value == secret_word(pattern, i));
  }
  if (::ptrace(PTRACE_POKETEXT, pid, code, original) != 0) die("poke");
  ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  std::printf("peek VMM's own loads: %s, %" PRIu64 " worked, %" PRIu64 " ended with SIGBUS\n",
              found ? "SECRET FOUND" : "no secret", loads, faults);
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const int pid = std::atoi(argv[1]);
  const std::uint64_t pattern = std::strtoull(argv[2], nullptr, 16);
  const Mapping memory = guest_memory(pid);
  bool found = through_the_vmm(pid, memory, pattern);
  found = through_vm_readv(pid, memory, pattern) || found;
  found = through_proc_mem(pid, memory, pattern) || found;
  return found ? 3 : 0;
}
