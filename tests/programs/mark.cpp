// SPDX-License-Identifier: Apache-2.0
// Test program that leaves marks for tools/bench/instruction_count.c.
//   mark COMMAND ARGUMENT...   hint #102, run the command, hint #103; exit code of the command (128 + signal)
// As the first program of a machine (process 1): hint #102, then power off.
#include <spawn.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

extern char** environ;

namespace {

constexpr int kCannotRun = 127;

[[nodiscard]] auto exit_code(int status) -> int {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

auto main(int argc, char** argv) -> int {
  if (getpid() == 1) {
    asm volatile("hint #102" ::: "memory");
    return reboot(RB_POWER_OFF);
  }
  if (argc < 2) {
    std::fprintf(stderr, "usage: mark COMMAND ARGUMENT...\n");
    return kCannotRun;
  }
  asm volatile("hint #102" ::: "memory");
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[1], nullptr, nullptr, argv + 1, environ);
  int status = 0;
  while (error == 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  asm volatile("hint #103" ::: "memory");
  if (error != 0) std::fprintf(stderr, "mark: %s: %s\n", argv[1], std::strerror(error));
  return error != 0 ? kCannotRun : exit_code(status);
}
