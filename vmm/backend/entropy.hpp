// SPDX-License-Identifier: Apache-2.0
// Where random bytes for ordinary guests' virtio-rng come from. A protected guest must not rely on it: it is its host's.
#pragma once

#include <cstddef>
#include <span>

namespace redoubt::vmm {

class EntropySource {
 public:
  virtual ~EntropySource() = default;
  // Fills all of it; false if there is none.
  [[nodiscard]] virtual auto fill(std::span<std::byte> to) -> bool = 0;
};

// getrandom(2).
class SystemEntropy final : public EntropySource {
 public:
  [[nodiscard]] auto fill(std::span<std::byte> to) -> bool override;
};

}  // namespace redoubt::vmm
