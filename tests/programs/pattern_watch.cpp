// SPDX-License-Identifier: Apache-2.0
// Test program for a Linux guest: locks memory, fills it with a pattern that is different in every word, and looks at all
// of it once a second. Any change ends it with exit code 1.
//   pattern_watch MIB SECONDS        SECONDS 0: until it is killed
#include <sys/mman.h>
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

namespace {

constexpr std::uint64_t kMiB = 1u << 20;

// A bijection of the index (an odd multiplier), so that a page in another's place is seen too.
[[nodiscard]] auto word_at(std::uint64_t seed, std::uint64_t index) -> std::uint64_t {
  return (index + seed) * 0x9e37'79b9'7f4a'7c15u;
}

[[nodiscard]] auto locked_memory(std::uint64_t bytes) -> std::span<std::uint64_t> {
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED || ::mlock(mapped, bytes) != 0) {
    std::printf("pattern cannot lock %llu MiB: %s\n", static_cast<unsigned long long>(bytes / kMiB),
                std::strerror(errno));
    std::exit(2);
  }
  return {static_cast<std::uint64_t*>(mapped), bytes / sizeof(std::uint64_t)};
}

// Words that changed.
[[nodiscard]] auto damage(std::span<const std::uint64_t> words, std::uint64_t seed) -> std::uint64_t {
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < words.size(); ++i) {
    const volatile std::uint64_t& word = words[i];
    wrong += word != word_at(seed, i) ? 1 : 0;
  }
  return wrong;
}

[[nodiscard]] auto now() -> timespec {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t mib = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 32;
  const std::uint64_t seconds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const auto words = locked_memory(mib * kMiB);
  timespec next = now();
  const auto seed = static_cast<std::uint64_t>(next.tv_nsec);
  for (std::uint64_t i = 0; i < words.size(); ++i) words[i] = word_at(seed, i);
  std::printf("pattern of %llu MiB locked\n", static_cast<unsigned long long>(mib));
  for (std::uint64_t round = 1; seconds == 0 || round <= seconds; ++round) {
    ++next.tv_sec;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
    if (const std::uint64_t wrong = damage(words, seed); wrong != 0) {
      std::printf("pattern DAMAGED: %llu words, round %llu\n", static_cast<unsigned long long>(wrong),
                  static_cast<unsigned long long>(round));
      return 1;
    }
    if (round == 1 || round % 10 == 0)
      std::printf("pattern intact after %llu rounds\n", static_cast<unsigned long long>(round));
    std::fflush(stdout);
  }
  std::printf("pattern never changed\n");
  return 0;
}
