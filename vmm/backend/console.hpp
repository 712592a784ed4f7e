// SPDX-License-Identifier: Apache-2.0
// The guest's console on a terminal, a pipe or a file.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "vmm/backend/console_backend.hpp"
#include "vmm/backend/panic_watch.hpp"
#include "vmm/vm/event_loop.hpp"

namespace redoubt::vmm {

// Output goes through a bounded buffer to a thread of its own, so that a reader who stalls holds up the guest's console
// and nothing else. Input comes from the event loop and goes to one device.
class Console final : public ConsoleBackend {
 public:
  // Where bytes go and come from; -1 for none. The caller keeps both open.
  struct Files {
    int out = -1;
    int in = -1;
    bool escape = false;  // Ctrl-A x ends the VM, Ctrl-A a is Ctrl-A
  };
  Console(EventLoop& loop, Files files, std::function<void()> on_escape);
  ~Console() override;

  // All devices are told when output drains; `input` is the one that receives. Before the loop runs.
  void attach(std::vector<ConsoleDevice*> devices, ConsoleDevice* input);
  // Waits until the output is written, at most a second: the reader may be gone.
  void flush();
  // Why the guest kernel panicked, if its output said that it did.
  [[nodiscard]] auto panic_reason() -> std::optional<std::string>;

  [[nodiscard]] auto write(std::span<const std::byte> bytes) -> std::size_t override;
  [[nodiscard]] auto room() -> std::size_t override;
  void input_wanted() override;

 private:
  void write_out();
  void on_readable();
  void deliver_input();
  [[nodiscard]] auto unescape(std::span<const std::byte> raw) -> std::vector<std::byte>;

  EventLoop& loop_;
  Files files_;
  std::function<void()> on_escape_;
  std::vector<ConsoleDevice*> devices_;
  ConsoleDevice* input_ = nullptr;
  // Only on the loop's thread.
  std::vector<std::byte> pending_input_;
  bool after_escape_ = false;
  bool input_pollable_ = false;
  bool input_ended_ = false;

  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  PanicWatch panic_watch_;
  std::vector<std::byte> out_;
  std::size_t writing_ = 0;  // bytes the writer has taken out of out_ and not yet written
  bool overflowed_ = false;
  bool closing_ = false;
  std::thread writer_;
};

}  // namespace redoubt::vmm
