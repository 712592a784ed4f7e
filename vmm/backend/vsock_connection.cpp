// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/vsock_connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

namespace redoubt::vmm {
namespace {

// "CONNECT 4294967295\n"
constexpr std::size_t kMaxCommand = 19;
constexpr std::string_view kConnect = "CONNECT ";

[[nodiscard]] auto would_block(int error) -> bool { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

[[nodiscard]] auto parse_command(std::string_view line) -> std::optional<std::uint32_t> {
  if (!line.starts_with(kConnect)) return std::nullopt;
  line.remove_prefix(kConnect.size());
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), port);
  if (error != std::errc{} || end != line.data() + line.size()) return std::nullopt;
  return port;
}

}  // namespace

VsockConnection::VsockConnection(UniqueFd fd, VsockPorts ports, State state)
    : fd_(std::move(fd)), ports_(ports), state_(state) {}

auto VsockConnection::wanted_events() const -> std::uint32_t {
  std::uint32_t events = 0;
  const bool listens = state_ == State::kCommand || (state_ == State::kOpen && !readable_ && !host_ended_);
  if (listens) events |= EPOLLIN;
  if (!held_.empty()) events |= EPOLLOUT;
  return events;
}

auto VsockConnection::read_command() -> Command {
  // One byte at a time up to the newline: what follows is data for the guest.
  while (command_.size() < kMaxCommand) {
    char byte = 0;
    const ssize_t got = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
    if (got < 0 && would_block(errno)) return {};
    if (got <= 0) return {Outcome::kBroken, std::nullopt};
    if (byte == '\n') {
      const auto port = parse_command(command_);
      return {port ? Outcome::kOk : Outcome::kBroken, port};
    }
    command_ += byte;
  }
  return {Outcome::kBroken, std::nullopt};
}

void VsockConnection::learn_credit(const VsockHeader& header) {
  guest_buffer_ = header.buffer_bytes;
  guest_consumed_ = header.consumed_bytes;
}

auto VsockConnection::guest_room() const -> std::uint32_t {
  const std::uint32_t in_flight = sent_ - guest_consumed_;
  // A guest that claims to have consumed more than we sent gets nothing.
  return in_flight > guest_buffer_ ? 0 : guest_buffer_ - in_flight;
}

auto VsockConnection::may_send() const -> bool {
  return state_ == State::kOpen && readable_ && !host_ended_ && guest_room() > 0;
}

auto VsockConnection::receive(std::size_t max) -> Received {
  std::vector<std::byte> data(std::min<std::size_t>(max, guest_room()));
  const ssize_t got = ::recv(fd_.get(), data.data(), data.size(), MSG_DONTWAIT);
  if (got < 0 && would_block(errno)) {
    readable_ = false;
    return {};
  }
  if (got < 0) return {Outcome::kBroken, {}, false};
  if (got == 0) return {Outcome::kOk, {}, true};
  data.resize(static_cast<std::size_t>(got));
  sent_ += static_cast<std::uint32_t>(got);
  return {Outcome::kOk, std::move(data), false};
}

auto VsockConnection::accept_data(std::span<const std::byte> data) -> Outcome {
  if (data.size() > kBufferBytes - held_.size()) return Outcome::kBroken;
  held_.insert(held_.end(), data.begin(), data.end());
  return flush();
}

auto VsockConnection::flush() -> Outcome {
  std::size_t done = 0;
  Outcome outcome = Outcome::kOk;
  while (done < held_.size()) {
    const ssize_t sent = ::send(fd_.get(), held_.data() + done, held_.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && !would_block(errno)) outcome = Outcome::kBroken;
    if (sent < 0) break;
    done += static_cast<std::size_t>(sent);
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(done));
  consumed_ += static_cast<std::uint32_t>(done);
  return outcome;
}

void VsockConnection::shut_host_writing() { ::shutdown(fd_.get(), SHUT_WR); }

auto VsockConnection::owes_credit() const -> bool {
  return state_ == State::kOpen && consumed_ - told_consumed_ >= kBufferBytes / 2;
}

auto VsockConnection::packet(std::uint64_t guest_cid, VsockOp op, std::uint32_t flags) -> VsockPacket {
  told_consumed_ = consumed_;
  VsockPacket packet;
  packet.header = {.source_cid = kVsockHostCid,
                   .target_cid = guest_cid,
                   .source_port = ports_.host,
                   .target_port = ports_.guest,
                   .length = 0,
                   .type = kVsockStream,
                   .op = op,
                   .flags = flags,
                   .buffer_bytes = kBufferBytes,
                   .consumed_bytes = consumed_};
  return packet;
}

}  // namespace redoubt::vmm
