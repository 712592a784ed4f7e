// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets by path.
#pragma once

#include <string>

#include "vmm/vm/unique_fd.hpp"

namespace redoubt::vmm {

// Listens at a path and removes it at the end. A socket that nobody listens on any more is replaced; anything else
// at that path is a Failure.
class UnixListener {
 public:
  explicit UnixListener(std::string path);
  UnixListener(const UnixListener&) = delete;
  auto operator=(const UnixListener&) -> UnixListener& = delete;
  ~UnixListener();
  [[nodiscard]] auto fd() const noexcept -> int { return fd_.get(); }
  // The next client, not blocking; empty if there is none.
  [[nodiscard]] auto accept() const -> UniqueFd;

 private:
  std::string path_;
  UniqueFd fd_;
};

// Connects without waiting; empty if nobody listens there or its queue is full.
[[nodiscard]] auto connect_unix(const std::string& path) -> UniqueFd;

}  // namespace redoubt::vmm
