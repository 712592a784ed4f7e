// SPDX-License-Identifier: Apache-2.0
// The host's side of a guest's sockets, as unix sockets (the scheme of Firecracker, so that its clients work):
//  * a host program connects to PATH, writes "CONNECT <port>\n", reads "OK <number>\n": it talks to the guest's port;
//  * a guest that connects to CID 2, port P talks to whoever listens on PATH_P.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "vmm/backend/unix_socket.hpp"
#include "vmm/backend/vsock_connection.hpp"
#include "vmm/backend/vsock_packet.hpp"
#include "vmm/vm/event_loop.hpp"

namespace redoubt::vmm {

// Everything but the constructor runs with the device locked: by the device itself, or through VsockPort::run.
class VsockMux final : public VsockBackend {
 public:
  // Listens on path. Throws Failure. Outlived by loop.
  VsockMux(EventLoop& loop, std::uint32_t guest_cid, const std::string& path);
  ~VsockMux() override;

  void attach(VsockPort& port) override { port_ = &port; }
  [[nodiscard]] auto ready() const -> bool override;
  void handle(const VsockHeader& header, std::span<const std::byte> payload) override;
  [[nodiscard]] auto next(std::size_t max_payload) -> std::optional<VsockPacket> override;
  void reset() override;

 private:
  using Id = std::uint64_t;  // never reused, so a late event finds nobody
  struct Entry {
    Entry(UniqueFd fd, VsockPorts ports, VsockConnection::State state) : link(std::move(fd), ports, state) {}
    VsockConnection link;
    bool watched = false;
    std::uint32_t guest_shutdown = 0;  // VsockShutdown bits seen so far
  };

  void on_client();
  void on_event(Id id, std::uint32_t events);
  void on_command(Id id, Entry& entry);
  void open_to_host(const VsockHeader& header);
  void handle_known(Id id, Entry& entry, const VsockHeader& header, std::span<const std::byte> payload);
  void on_response(Id id, Entry& entry);
  void on_shutdown(Id id, Entry& entry, std::uint32_t flags);
  // After data was written: closes what waits for that.
  void after_flush(Id id, Entry& entry);
  [[nodiscard]] auto poll_connection(Id id, Entry& entry, std::size_t max_payload) -> std::optional<VsockPacket>;
  auto add(UniqueFd fd, VsockPorts ports, VsockConnection::State state) -> Id;
  void remove(Id id);
  // remove() and tell the guest.
  void break_off(Id id, Entry& entry);
  void refuse(const VsockHeader& header);
  void watch(Id id, Entry& entry);
  [[nodiscard]] auto free_host_port(std::uint32_t guest_port) -> std::uint32_t;

  EventLoop& loop_;
  std::uint32_t guest_cid_;
  std::string path_;
  UnixListener listener_;
  VsockPort* port_ = nullptr;
  std::map<Id, Entry> entries_;
  std::map<VsockPorts, Id> id_of_ports_;  // those whose ports are known
  std::deque<VsockPacket> control_;       // waiting for the guest's receive buffers
  Id next_id_ = 1;
  Id last_served_ = 0;
  std::uint32_t next_host_port_;
};

}  // namespace redoubt::vmm
