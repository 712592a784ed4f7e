// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

constexpr int kBacklog = 64;

[[nodiscard]] auto address_of(const std::string& path) -> std::optional<sockaddr_un> {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

[[nodiscard]] auto make_socket() -> UniqueFd {
  return UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

void remove_stale(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISSOCK(info.st_mode)) fail("{} exists and is no socket", path);
  if (connect_unix(path) || errno != ECONNREFUSED) fail("the socket {} is in use by another program", path);
  ::unlink(path.c_str());
}

}  // namespace

UnixListener::UnixListener(std::string path) : path_(std::move(path)), fd_(make_socket()) {
  const auto address = address_of(path_);
  if (!address) fail("the socket path {} is too long", path_);
  remove_stale(path_);
  const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
  if (!fd_ || ::bind(fd_.get(), generic, sizeof *address) != 0 || ::listen(fd_.get(), kBacklog) != 0) {
    fail("cannot listen on {}: {}", path_, errno_text(errno));
  }
}

UnixListener::~UnixListener() { ::unlink(path_.c_str()); }

auto UnixListener::accept() const -> UniqueFd {
  return UniqueFd{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
}

auto connect_unix(const std::string& path) -> UniqueFd {
  const auto address = address_of(path);
  UniqueFd fd = make_socket();
  if (!address || !fd) return {};
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return {};
  return fd;
}

}  // namespace redoubt::vmm
