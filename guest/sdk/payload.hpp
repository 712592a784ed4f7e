// SPDX-License-Identifier: Apache-2.0
// What a test payload is: a name and a function that reports checks. The guest powers off after it.
#pragma once

#include <cstdint>
#include <string_view>

#include "guest/sdk/console.hpp"

namespace redoubt::guest {

class Report {
 public:
  // One line "ok <what>" or "FAIL <what>". Returns `passed`.
  auto check(bool passed, std::string_view what) noexcept -> bool;

  // As check(), and a failure prints both numbers.
  auto equal(std::uint64_t got, std::uint64_t wanted, std::string_view what) noexcept -> bool;

  // Something that could not be tried here, and why.
  void skipped(std::string_view what, std::string_view why) noexcept;

  [[nodiscard]] auto passed() const noexcept -> unsigned { return passed_; }
  [[nodiscard]] auto failed() const noexcept -> unsigned { return failed_; }

 private:
  unsigned passed_ = 0;
  unsigned failed_ = 0;
};

// Each payload defines these two.
extern const std::string_view kPayloadName;
void run_payload(Report& report) noexcept;

}  // namespace redoubt::guest
