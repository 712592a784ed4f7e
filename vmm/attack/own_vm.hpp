// SPDX-License-Identifier: Apache-2.0
// A protected VM that the attacker makes by hypercalls alone, without redoubt.ko: all of its host side is ours to get wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "abi/reg.h"
#include "abi/run.h"
#include "vmm/attack/device.hpp"

namespace redoubt::vmm::attack {

class OwnVm {
 public:
  static constexpr unsigned kIpaBits = 33;
  static constexpr std::uint64_t kShared = std::uint64_t{1} << (kIpaBits - 1);
  static constexpr std::uint64_t kSharedGfn = kShared >> kPageShift;
  static constexpr std::uint64_t kRamGfn = 0x40000;
  static constexpr std::uint64_t kRamPages = 512;
  static constexpr std::uint32_t kNrIrqs = 96;

  // With one vCPU, some table pages, RAM declared, the guest of own_guest.S donated; not finalised. Throws Failure.
  explicit OwnVm(const Device& device);
  OwnVm(const OwnVm&) = delete;
  auto operator=(const OwnVm&) -> OwnVm& = delete;
  // Takes everything back that EL2 gives back.
  ~OwnVm();

  [[nodiscard]] auto handle() const noexcept -> std::uint64_t { return handle_; }
  [[nodiscard]] auto root() const noexcept -> Pfn { return root_; }
  [[nodiscard]] auto image() const noexcept -> Pfn { return image_; }
  [[nodiscard]] auto run_page() const noexcept -> Pfn { return run_; }

  [[nodiscard]] auto call(rd_call number, std::initializer_list<std::uint64_t> after_handle) const -> Answer;
  void finalise();
  // Donates one more page and remembers it for the end. Answers the status.
  auto donate(std::uint64_t gfn, Pfn page) -> std::int64_t;
  // TEARDOWN, everything reclaimed, DESTROY; the status of DESTROY. Again if that was not 0.
  auto destroy() -> std::int64_t;

  // Fields of the run page, by offset into struct rd_run.
  void set32(std::size_t offset, std::uint32_t value) const;
  [[nodiscard]] auto get32(std::size_t offset) const -> std::uint32_t;
  [[nodiscard]] auto get64(std::size_t offset) const -> std::uint64_t;
  // One VCPU_RUN on the calling CPU; `extra` may hold what to forge around it.
  [[nodiscard]] auto run(rd_attack_call extra = {}) const -> Answer;
  // Runs, completing device accesses, until the guest stores to its device: what it stored. nullopt after `tries` runs.
  [[nodiscard]] auto next_report(unsigned tries, rd_attack_call extra = {}) -> std::optional<std::uint32_t>;

 private:
  void build();
  const Device& device_;
  std::uint64_t handle_ = 0;
  bool alive_ = false;
  Pfn root_, decoy_, state_, run_, image_;
  std::vector<Pfn> tables_;
  std::vector<Pfn> donated_;
};

}  // namespace redoubt::vmm::attack
