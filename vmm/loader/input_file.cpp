// SPDX-License-Identifier: Apache-2.0
#include "vmm/loader/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {

InputFile::InputFile(std::string role, const std::string& path)
    : name_(fmt::format("{} {}", std::move(role), path)), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (!fd_) fail("cannot open the {}: {}", name_, errno_text(errno));
  struct stat info = {};
  if (::fstat(fd_.get(), &info) != 0) fail("cannot read the {}: {}", name_, errno_text(errno));
  if (!S_ISREG(info.st_mode)) fail("the {} is not a regular file", name_);
  if (info.st_size == 0) fail("the {} is empty", name_);
  size_ = static_cast<std::uint64_t>(info.st_size);
}

void InputFile::read(std::uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t got = ::pread(fd_.get(), to.data(), to.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read the {}: {}", name_, errno_text(errno));
    if (got == 0) fail("the {} became shorter while it was read", name_);
    offset += static_cast<std::uint64_t>(got);
    to = to.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace redoubt::vmm
