// SPDX-License-Identifier: Apache-2.0
// One stream between a port of the guest and a unix socket of the host, with its credit accounting (virtio 1.2, 5.10.6.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vmm/backend/vsock_packet.hpp"
#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

struct VsockPorts {
  std::uint32_t host = 0;
  std::uint32_t guest = 0;
  auto operator<=>(const VsockPorts&) const = default;
};

// Pure state and socket calls that do not block; the mux decides when to call and what to send.
class VsockConnection {
 public:
  // How much of the guest's data we hold while the host's program does not read.
  static constexpr std::uint32_t kBufferBytes = 256 * 1024;

  enum class State {
    kCommand,    // the host's program has not yet written its CONNECT line
    kRequested,  // the guest has not yet answered our request
    kOpen,
    kClosing,  // the guest will send nothing more: closes when its data is written
  };
  // What a socket operation led to.
  enum class Outcome { kOk, kBroken };

  VsockConnection(UniqueFd fd, VsockPorts ports, State state);

  [[nodiscard]] auto fd() const noexcept -> int { return fd_.get(); }
  [[nodiscard]] auto ports() const noexcept -> VsockPorts { return ports_; }
  [[nodiscard]] auto state() const noexcept -> State { return state_; }
  void set_state(State state) noexcept { state_ = state; }
  void set_ports(VsockPorts ports) noexcept { ports_ = ports; }
  // epoll events it waits for.
  [[nodiscard]] auto wanted_events() const -> std::uint32_t;

  // kCommand: reads the line as far as it came. A port when it is complete; kBroken (as no value) if it is no such line.
  struct Command {
    Outcome outcome = Outcome::kOk;
    std::optional<std::uint32_t> port;
  };
  [[nodiscard]] auto read_command() -> Command;

  // Credit that came with any packet of the guest.
  void learn_credit(const VsockHeader& header);
  // Data of the guest for the host's program. kBroken if it exceeds what we granted or the socket is gone.
  [[nodiscard]] auto accept_data(std::span<const std::byte> data) -> Outcome;
  // Writes what is held, as far as the socket takes it.
  [[nodiscard]] auto flush() -> Outcome;
  [[nodiscard]] auto holds_data() const noexcept -> bool { return !held_.empty(); }
  void shut_host_writing();

  // Whether there may be data for the guest that its credit allows to send.
  void set_readable() noexcept { readable_ = true; }
  [[nodiscard]] auto may_send() const -> bool;
  struct Received {
    Outcome outcome = Outcome::kOk;
    std::vector<std::byte> data;  // empty: nothing now
    bool end = false;             // the host's program will send nothing more
  };
  [[nodiscard]] auto receive(std::size_t max) -> Received;
  void stop_receiving() noexcept { host_ended_ = true; }

  // The guest believes we are half full although we are not: tell it.
  [[nodiscard]] auto owes_credit() const -> bool;
  // A packet from host to guest with current credit, which counts as told.
  [[nodiscard]] auto packet(std::uint64_t guest_cid, VsockOp op, std::uint32_t flags = 0) -> VsockPacket;

 private:
  [[nodiscard]] auto guest_room() const -> std::uint32_t;

  UniqueFd fd_;
  VsockPorts ports_;
  State state_;
  std::string command_;
  std::vector<std::byte> held_;
  bool readable_ = false;
  bool host_ended_ = false;
  std::uint32_t guest_buffer_ = 0;    // its buf_alloc
  std::uint32_t guest_consumed_ = 0;  // its fwd_cnt
  std::uint32_t sent_ = 0;            // bytes sent to the guest, modulo 2^32
  std::uint32_t consumed_ = 0;        // our fwd_cnt
  std::uint32_t told_consumed_ = 0;   // the fwd_cnt the guest last heard
};

}  // namespace redoubt::vmm
