// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/kernel_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::attack {
namespace {

constexpr std::string_view kBad[] = {
    "Oops",       "WARNING:",        "BUG:",           "Internal error",       "Call trace",
    "stall",      "lockup",          "Bad page state", "Unexpected interrupt", "Kernel panic",
    "corruption", "Unable to handle"};

[[nodiscard]] auto is_bad(std::string_view line) -> bool {
  for (const std::string_view word : kBad) {
    if (line.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

KernelLog::KernelLog() : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  if (!fd_) fail("cannot open /dev/kmsg: {}", errno_text(errno));
  ::lseek(fd_.get(), 0, SEEK_END);
}

auto KernelLog::complaints() -> std::vector<std::string> {
  std::vector<std::string> bad;
  std::array<char, 8192> record{};
  for (;;) {
    const ssize_t got = ::read(fd_.get(), record.data(), record.size());
    if (got < 0 && errno == EPIPE) continue;  // records were overwritten before we read them
    if (got <= 0) return bad;
    const std::string_view text(record.data(), static_cast<std::size_t>(got));
    const auto message = text.substr(text.find(';') + 1);
    if (is_bad(message)) bad.emplace_back(message.substr(0, message.find('\n')));
  }
}

}  // namespace redoubt::vmm::attack
