// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/console.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace redoubt::vmm {
namespace {

constexpr std::size_t kOutputBytes = 64 * 1024;
constexpr std::byte kEscape{0x01};
// What is typed ahead of a guest that does not read; the rest is lost, as with any terminal.
constexpr std::size_t kPendingBytes = 4096;

// The writer's last resort against a reader that never reads.
constexpr auto kFlushTime = std::chrono::seconds{1};

}  // namespace

Console::Console(EventLoop& loop, Files files, std::function<void()> on_escape)
    : loop_(loop), files_(files), on_escape_(std::move(on_escape)) {
  if (files_.out >= 0) writer_ = std::thread([this] { write_out(); });
}

Console::~Console() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (!writer_.joinable()) return;
  std::unique_lock lock(mutex_);
  while (writing_ != 0) {  // it may be blocked in write(): the kick signal makes that return
    lock.unlock();
    ::pthread_kill(writer_.native_handle(), SIGRTMIN);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    lock.lock();
  }
  lock.unlock();
  writer_.join();
}

void Console::attach(std::vector<ConsoleDevice*> devices, ConsoleDevice* input) {
  devices_ = std::move(devices);
  input_ = input;
  if (files_.in < 0 || input_ == nullptr) return;
  input_pollable_ = loop_.add(files_.in, EPOLLIN, [this](std::uint32_t) { on_readable(); });
  if (!input_pollable_) loop_.post([this] { on_readable(); });
}

void Console::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kFlushTime, [this] { return out_.empty() && writing_ == 0; });
}

auto Console::panic_reason() -> std::optional<std::string> {
  const std::lock_guard lock(mutex_);
  return panic_watch_.reason();
}

auto Console::write(std::span<const std::byte> bytes) -> std::size_t {
  const std::lock_guard lock(mutex_);
  if (files_.out < 0) {
    panic_watch_.feed(bytes);
    return bytes.size();
  }
  const std::size_t taken = std::min(bytes.size(), kOutputBytes - out_.size());
  panic_watch_.feed(bytes.first(taken));
  out_.insert(out_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
  if (out_.size() == kOutputBytes || taken < bytes.size()) overflowed_ = true;
  changed_.notify_all();
  return taken;
}

auto Console::room() -> std::size_t {
  const std::lock_guard lock(mutex_);
  const std::size_t room = kOutputBytes - out_.size();
  // Whoever asks is about to be told "full": make sure it hears when that changes.
  if (room < 16) overflowed_ = true;
  return room;
}

void Console::write_out() {
  std::vector<std::byte> batch;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || !out_.empty(); });
    if (closing_) return;
    batch.clear();
    batch.swap(out_);
    writing_ = batch.size();
    if (std::exchange(overflowed_, false)) {
      loop_.post([this] {
        for (ConsoleDevice* device : devices_) device->output_drained();
      });
    }
    std::span<const std::byte> rest{batch};
    while (!rest.empty() && !closing_) {
      lock.unlock();
      const ssize_t done = ::write(files_.out, rest.data(), rest.size());
      const int error = done < 0 ? errno : 0;
      lock.lock();
      // A reader that went away must not stop the guest: its output is dropped.
      if (done < 0 && error != EINTR && error != EAGAIN) break;
      if (done < 0 && error == EAGAIN) changed_.wait_for(lock, std::chrono::milliseconds{10});
      if (done > 0) rest = rest.subspan(static_cast<std::size_t>(done));
    }
    writing_ = 0;
    changed_.notify_all();
  }
}

void Console::input_wanted() {
  loop_.post([this] { deliver_input(); });
}

void Console::on_readable() {
  std::array<std::byte, 256> raw{};
  const ssize_t got = ::read(files_.in, raw.data(), raw.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    input_ended_ = true;
    loop_.remove(files_.in);
    return;
  }
  auto bytes = unescape(std::span{raw}.first(static_cast<std::size_t>(got)));
  bytes.resize(std::min(bytes.size(), kPendingBytes - pending_input_.size()));
  pending_input_.insert(pending_input_.end(), bytes.begin(), bytes.end());
  deliver_input();
}

void Console::deliver_input() {
  const std::size_t taken = pending_input_.empty() ? 0 : input_->receive(pending_input_);
  pending_input_.erase(pending_input_.begin(), pending_input_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (input_ended_) return;
  if (input_pollable_) {
    // A terminal is read even when the guest does not listen, because the escape must always work.
    loop_.modify(files_.in, pending_input_.empty() || files_.escape ? EPOLLIN : 0);
  } else if (pending_input_.empty()) {
    loop_.post([this] { on_readable(); });
  }
}

auto Console::unescape(std::span<const std::byte> raw) -> std::vector<std::byte> {
  if (!files_.escape) return {raw.begin(), raw.end()};
  std::vector<std::byte> bytes;
  for (const std::byte byte : raw) {
    if (!std::exchange(after_escape_, false)) {
      after_escape_ = byte == kEscape;
      if (!after_escape_) bytes.push_back(byte);
    } else if (byte == std::byte{'x'}) {
      on_escape_();
    } else if (byte == std::byte{'a'} || byte == kEscape) {
      bytes.push_back(kEscape);
    }
  }
  return bytes;
}

}  // namespace redoubt::vmm
