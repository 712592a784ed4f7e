// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {

// The id of the wake-up descriptor; watches count from 1.
static constexpr std::uint64_t kWakeId = 0;

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !wake_) fail("cannot create the event loop: {}", errno_text(errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeId;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) fail("epoll_ctl: {}", errno_text(errno));
}

auto EventLoop::add(int fd, std::uint32_t events, Handler handler) -> bool {
  const std::lock_guard lock(mutex_);
  epoll_event event{};
  event.events = events;
  event.data.u64 = next_id_;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    if (errno == EPERM) return false;
    fail("epoll_ctl: {}", errno_text(errno));
  }
  id_of_fd_[fd] = next_id_;
  handlers_[next_id_] = std::move(handler);
  ++next_id_;
  return true;
}

void EventLoop::modify(int fd, std::uint32_t events) {
  const std::lock_guard lock(mutex_);
  const auto found = id_of_fd_.find(fd);
  if (found == id_of_fd_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = found->second;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::remove(int fd) {
  const std::lock_guard lock(mutex_);
  const auto found = id_of_fd_.find(fd);
  if (found == id_of_fd_.end()) return;
  handlers_.erase(found->second);
  id_of_fd_.erase(found);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  ::eventfd_write(wake_.get(), 1);
}

void EventLoop::stop() {
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
}

void EventLoop::run() {
  while (!stopping_) step(-1);
}

void EventLoop::step(int timeout_ms) {
  std::array<epoll_event, 32> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (const epoll_event& event : std::span{events}.first(static_cast<std::size_t>(std::max(count, 0)))) {
    if (stopping_) return;
    if (event.data.u64 == kWakeId) {
      run_posted();
    } else {
      dispatch(event.data.u64, event.events);
    }
  }
}

void EventLoop::dispatch(std::uint64_t id, std::uint32_t events) {
  Handler handler;  // a copy, because the handler may remove itself
  {
    const std::lock_guard lock(mutex_);
    const auto found = handlers_.find(id);
    if (found == handlers_.end()) return;
    handler = found->second;
  }
  handler(events);
}

void EventLoop::run_posted() {
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (const auto& item : work) item();
}

}  // namespace redoubt::vmm
