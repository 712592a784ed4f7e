// SPDX-License-Identifier: Apache-2.0
// The one thread on which all devices do their work.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

// Everything but run() and step() may be called from any thread.
class EventLoop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;

  EventLoop();
  // Watches fd, which the caller keeps open until remove(). false: this kind of file cannot be waited for (a regular
  // file is always ready). Throws Failure for any other reason.
  [[nodiscard]] auto add(int fd, std::uint32_t events, Handler handler) -> bool;
  void modify(int fd, std::uint32_t events);
  // Safe inside any handler. From another thread a handler may still run once more: it must not use what the caller
  // then frees.
  void remove(int fd);
  void post(std::function<void()> work);
  // Runs until stop(); returns at once if stop() was called before.
  void run();
  // One round: waits at most timeout_ms (-1: for ever) and handles what is ready.
  void step(int timeout_ms);
  void stop();

 private:
  void dispatch(std::uint64_t id, std::uint32_t events);
  void run_posted();

  UniqueFd epoll_;
  UniqueFd wake_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards the rest
  std::uint64_t next_id_ = 1;
  std::unordered_map<int, std::uint64_t> id_of_fd_;
  std::unordered_map<std::uint64_t, Handler> handlers_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace redoubt::vmm
