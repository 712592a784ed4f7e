// SPDX-License-Identifier: Apache-2.0
// Test program, for guest and host: moves a known stream of bytes through a socket in both directions at once.
//   vsock_probe echo-vsock PORT                  guest: serves one connection from the host, sends everything back
//   vsock_probe echo-unix PATH                   host: the same, for one connection of the guest to PATH's port
//   vsock_probe send-vsock CID PORT BYTES        guest: connects, sends, compares what comes back
//   vsock_probe send-unix PATH PORT BYTES        host: the same through the VMM's socket
#include <linux/vm_sockets.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <thread>

namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void write_all(int fd, std::span<const char> data) {
  while (!data.empty()) {
    const ssize_t done = ::write(fd, data.data(), data.size());
    if (done <= 0) die("write");
    data = data.subspan(static_cast<std::size_t>(done));
  }
}

[[nodiscard]] auto pattern(std::uint64_t position) -> char {
  return static_cast<char>(position * 31 + (position >> 12));
}

void send_pattern(int fd, std::uint64_t bytes) {
  std::array<char, 8192> block{};
  for (std::uint64_t at = 0; at < bytes;) {
    const std::size_t part = std::min<std::uint64_t>(block.size(), bytes - at);
    for (std::size_t i = 0; i < part; ++i) block[i] = pattern(at + i);
    write_all(fd, std::span{block}.first(part));
    at += part;
  }
  ::shutdown(fd, SHUT_WR);
}

[[nodiscard]] auto check_pattern(int fd, std::uint64_t bytes) -> bool {
  std::array<char, 8192> block{};
  std::uint64_t at = 0;
  while (true) {
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got < 0) die("read");
    if (got == 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      if (block[i] != pattern(at++)) return false;
    }
  }
  return at == bytes;
}

auto exchange(int fd, std::uint64_t bytes) -> int {
  std::thread sender([=] { send_pattern(fd, bytes); });
  const bool good = check_pattern(fd, bytes);
  sender.join();
  std::printf("vsock_probe: %s %llu bytes\n", good ? "echoed" : "WRONG DATA after",
              static_cast<unsigned long long>(bytes));
  return good ? 0 : 1;
}

auto echo(int listener) -> int {
  const int fd = ::accept(listener, nullptr, nullptr);
  if (fd < 0) die("accept");
  std::array<char, 8192> block{};
  while (true) {
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got < 0) die("read");
    if (got == 0) break;
    write_all(fd, std::span{block}.first(static_cast<std::size_t>(got)));
  }
  ::close(fd);
  return 0;
}

[[nodiscard]] auto vsock(unsigned cid, unsigned port, bool listen) -> int {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  const int fd = ::socket(AF_VSOCK, SOCK_STREAM, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (fd < 0) die("socket");
  if (listen ? ::bind(fd, generic, sizeof address) != 0 || ::listen(fd, 1) != 0
             : ::connect(fd, generic, sizeof address) != 0) {
    die("vsock");
  }
  return fd;
}

[[nodiscard]] auto unix_socket(const std::string& path, bool listen) -> int {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (listen ? ::bind(fd, generic, sizeof address) != 0 || ::listen(fd, 1) != 0
             : ::connect(fd, generic, sizeof address) != 0) {
    die("unix socket");
  }
  return fd;
}

[[nodiscard]] auto connect_through_vmm(const std::string& path, const std::string& port) -> int {
  const int fd = unix_socket(path, false);
  write_all(fd, "CONNECT " + port + "\n");
  std::string line;
  char byte = 0;
  while (::read(fd, &byte, 1) == 1 && byte != '\n') line += byte;
  if (!line.starts_with("OK ")) {
    std::fprintf(stderr, "vsock_probe: the guest refused port %s\n", port.c_str());
    std::exit(1);
  }
  return fd;
}

[[nodiscard]] auto number(const char* text) -> unsigned {
  return static_cast<unsigned>(std::strtoul(text, nullptr, 0));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "echo-vsock" && argc == 3) return echo(vsock(VMADDR_CID_ANY, number(argv[2]), true));
  if (mode == "echo-unix" && argc == 3) return echo(unix_socket(argv[2], true));
  if (mode == "send-vsock" && argc == 5)
    return exchange(vsock(number(argv[2]), number(argv[3]), false), number(argv[4]));
  if (mode == "send-unix" && argc == 5) return exchange(connect_through_vmm(argv[2], argv[3]), number(argv[4]));
  std::fprintf(stderr, "vsock_probe: see the top of its source\n");
  return 2;
}
