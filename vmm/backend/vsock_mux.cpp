// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/vsock_mux.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

#include <fmt/format.h>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

using State = VsockConnection::State;
using Outcome = VsockConnection::Outcome;

constexpr std::size_t kMaxConnections = 1024;
// Answers to the guest's packets that it has not fetched; beyond this its packets wait.
constexpr std::size_t kMaxControl = 256;
// Ports of connections that the host begins: above those that services use.
constexpr std::uint32_t kFirstHostPort = 0x40000000;

constexpr std::uint32_t kBothEnds = kVsockShutdownReceive | kVsockShutdownSend;

// Whether the other program has closed its socket, not only ended its output.
[[nodiscard]] auto closed_for_good(int fd) -> bool {
  pollfd state{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) != 0;
}

}  // namespace

VsockMux::VsockMux(EventLoop& loop, std::uint32_t guest_cid, const std::string& path)
    : loop_(loop), guest_cid_(guest_cid), path_(path), listener_(path), next_host_port_(kFirstHostPort) {
  if (!loop_.add(listener_.fd(), EPOLLIN, [this](std::uint32_t) { on_client(); })) fail("cannot wait for {}", path);
}

VsockMux::~VsockMux() {
  reset();
  loop_.remove(listener_.fd());
}

void VsockMux::reset() {
  for (const auto& [id, entry] : entries_) {
    if (entry.watched) loop_.remove(entry.link.fd());
  }
  entries_.clear();
  id_of_ports_.clear();
  control_.clear();
}

auto VsockMux::ready() const -> bool { return control_.size() < kMaxControl; }

void VsockMux::on_client() {
  UniqueFd client = listener_.accept();
  if (!client) return;
  // Without a driver, or with too many connections, the client sees its socket close.
  static_cast<void>(port_->run([&] {
    if (entries_.size() >= kMaxConnections) return;
    const Id id = add(std::move(client), {}, State::kCommand);
    watch(id, entries_.at(id));
  }));
}

auto VsockMux::add(UniqueFd fd, VsockPorts ports, State state) -> Id {
  const Id id = next_id_++;
  entries_.try_emplace(id, std::move(fd), ports, state);
  if (state != State::kCommand) id_of_ports_[ports] = id;
  return id;
}

void VsockMux::remove(Id id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.watched) loop_.remove(entry.link.fd());
  if (entry.link.state() != State::kCommand) id_of_ports_.erase(entry.link.ports());
  entries_.erase(found);
}

void VsockMux::break_off(Id id, Entry& entry) {
  if (entry.link.state() != State::kCommand) control_.push_back(entry.link.packet(guest_cid_, VsockOp::kReset));
  remove(id);
}

void VsockMux::refuse(const VsockHeader& header) {
  if (header.op == VsockOp::kReset) return;
  VsockPacket packet;
  packet.header = {.source_cid = header.target_cid,
                   .target_cid = guest_cid_,
                   .source_port = header.target_port,
                   .target_port = header.source_port,
                   .length = 0,
                   .type = header.type,
                   .op = VsockOp::kReset,
                   .flags = 0,
                   .buffer_bytes = 0,
                   .consumed_bytes = 0};
  control_.push_back(std::move(packet));
}

void VsockMux::watch(Id id, Entry& entry) {
  const std::uint32_t wanted = entry.link.wanted_events();
  const int fd = entry.link.fd();
  // Not watched at all when nothing is wanted: epoll would report a hang-up for ever.
  if (wanted == 0) {
    if (std::exchange(entry.watched, false)) loop_.remove(fd);
  } else if (entry.watched) {
    loop_.modify(fd, wanted);
  } else {
    entry.watched = loop_.add(
        fd, wanted, [this, id](std::uint32_t events) { static_cast<void>(port_->run([&] { on_event(id, events); })); });
  }
}

void VsockMux::on_event(Id id, std::uint32_t events) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.link.state() == State::kCommand) return on_command(id, entry);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) entry.link.set_readable();
  if (entry.link.holds_data()) {
    if (entry.link.flush() == Outcome::kBroken) return break_off(id, entry);
    return after_flush(id, entry);
  }
  watch(id, entry);
}

void VsockMux::on_command(Id id, Entry& entry) {
  const VsockConnection::Command command = entry.link.read_command();
  if (command.outcome == Outcome::kBroken) return remove(id);
  if (!command.port) return;
  entry.link.set_ports({free_host_port(*command.port), *command.port});
  entry.link.set_state(State::kRequested);
  id_of_ports_[entry.link.ports()] = id;
  control_.push_back(entry.link.packet(guest_cid_, VsockOp::kRequest));
  watch(id, entry);
}

auto VsockMux::free_host_port(std::uint32_t guest_port) -> std::uint32_t {
  // Ends: there are far fewer connections than ports.
  while (id_of_ports_.contains({next_host_port_, guest_port})) ++next_host_port_;
  const std::uint32_t port = next_host_port_++;
  if (next_host_port_ < kFirstHostPort) next_host_port_ = kFirstHostPort;
  return port;
}

void VsockMux::handle(const VsockHeader& header, std::span<const std::byte> payload) {
  if (header.source_cid != guest_cid_) return;  // an answer would reach nobody
  if (header.target_cid != kVsockHostCid || header.type != kVsockStream) return refuse(header);
  const auto found = id_of_ports_.find({header.target_port, header.source_port});
  if (found == id_of_ports_.end()) {
    if (header.op == VsockOp::kRequest) return open_to_host(header);
    return refuse(header);
  }
  const Id id = found->second;
  handle_known(id, entries_.at(id), header, payload);
}

void VsockMux::open_to_host(const VsockHeader& header) {
  if (entries_.size() >= kMaxConnections) return refuse(header);
  UniqueFd fd = connect_unix(fmt::format("{}_{}", path_, std::uint32_t{header.target_port}));
  if (!fd) return refuse(header);
  const Id id = add(std::move(fd), {header.target_port, header.source_port}, State::kOpen);
  Entry& entry = entries_.at(id);
  entry.link.learn_credit(header);
  control_.push_back(entry.link.packet(guest_cid_, VsockOp::kResponse));
  watch(id, entry);
}

void VsockMux::handle_known(Id id, Entry& entry, const VsockHeader& header, std::span<const std::byte> payload) {
  entry.link.learn_credit(header);
  switch (header.op) {
    case VsockOp::kResponse: return on_response(id, entry);
    case VsockOp::kReset: return remove(id);
    case VsockOp::kShutdown: return on_shutdown(id, entry, header.flags);
    case VsockOp::kCreditUpdate: return;
    case VsockOp::kCreditRequest: control_.push_back(entry.link.packet(guest_cid_, VsockOp::kCreditUpdate)); return;
    case VsockOp::kData: {
      const bool allowed = entry.link.state() == State::kOpen && (entry.guest_shutdown & kVsockShutdownSend) == 0;
      if (!allowed || entry.link.accept_data(payload) == Outcome::kBroken) return break_off(id, entry);
      return watch(id, entry);
    }
    default: return break_off(id, entry);  // a second request, or nothing the specification knows
  }
}

void VsockMux::on_response(Id id, Entry& entry) {
  if (entry.link.state() != State::kRequested) return break_off(id, entry);
  entry.link.set_state(State::kOpen);
  const std::string line = fmt::format("OK {}\n", entry.link.ports().host);
  // The first bytes on a fresh socket always fit, unless the client is gone.
  const ssize_t sent = ::send(entry.link.fd(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(line.size())) return break_off(id, entry);
  watch(id, entry);
}

void VsockMux::on_shutdown(Id id, Entry& entry, std::uint32_t flags) {
  entry.guest_shutdown |= flags & kBothEnds;
  if ((entry.guest_shutdown & kVsockShutdownReceive) != 0) entry.link.stop_receiving();
  if (entry.guest_shutdown == kBothEnds) entry.link.set_state(State::kClosing);
  after_flush(id, entry);
}

void VsockMux::after_flush(Id id, Entry& entry) {
  if (!entry.link.holds_data()) {
    if (entry.link.state() == State::kClosing) return break_off(id, entry);
    if ((entry.guest_shutdown & kVsockShutdownSend) != 0) entry.link.shut_host_writing();
  }
  watch(id, entry);
}

auto VsockMux::next(std::size_t max_payload) -> std::optional<VsockPacket> {
  if (control_.empty()) {
    // Once around, beginning after whoever was served last.
    const std::size_t count = entries_.size();
    for (std::size_t i = 0; i < count; ++i) {
      auto turn = entries_.upper_bound(last_served_);
      if (turn == entries_.end()) turn = entries_.begin();
      if (turn == entries_.end()) break;
      last_served_ = turn->first;
      if (auto packet = poll_connection(turn->first, turn->second, max_payload)) return packet;
    }
  }
  if (control_.empty()) return std::nullopt;
  VsockPacket packet = std::move(control_.front());
  control_.pop_front();
  return packet;
}

auto VsockMux::poll_connection(Id id, Entry& entry, std::size_t max_payload) -> std::optional<VsockPacket> {
  VsockConnection& link = entry.link;
  if (link.owes_credit()) return link.packet(guest_cid_, VsockOp::kCreditUpdate);
  if (!link.may_send()) return std::nullopt;
  VsockConnection::Received received = link.receive(max_payload);
  if (received.outcome == Outcome::kBroken) {
    break_off(id, entry);  // its packet is now in control_
    return std::nullopt;
  }
  std::optional<VsockPacket> packet;
  if (received.end) {
    link.stop_receiving();
    packet = link.packet(guest_cid_, VsockOp::kShutdown, closed_for_good(link.fd()) ? kBothEnds : kVsockShutdownSend);
  } else if (!received.data.empty()) {
    packet = link.packet(guest_cid_, VsockOp::kData);
    packet->header.length = static_cast<std::uint32_t>(received.data.size());
    packet->payload = std::move(received.data);
  }
  watch(id, entry);
  return packet;
}

}  // namespace redoubt::vmm
