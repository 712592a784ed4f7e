// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/panic_watch.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace redoubt::vmm {
namespace {

[[nodiscard]] auto reason_in(std::string_view text) -> std::optional<std::string> {
  PanicWatch watch;
  watch.feed(std::as_bytes(std::span{text}));
  return watch.reason();
}

TEST(PanicWatch, FindsTheReason) {
  EXPECT_EQ(reason_in("[ 1.0] Kernel panic - not syncing: sysrq triggered crash\r\n[ 1.1] CPU: 0"),
            "sysrq triggered crash");
}

TEST(PanicWatch, OrdinaryOutputIsNone) {
  EXPECT_EQ(reason_in("reboot: Restarting system\n"), std::nullopt);
  EXPECT_EQ(reason_in("Kernel panic - not synci"), std::nullopt);
  EXPECT_EQ(reason_in(""), std::nullopt);
}

TEST(PanicWatch, PiecesAndFalseStartsDoNotHideIt) {
  PanicWatch watch;
  for (const char byte : std::string_view{"KKernel pKernel panic - not syncing: x\n"}) {
    EXPECT_EQ(watch.reason(), std::nullopt) << "before the marker is complete";
    watch.feed(std::as_bytes(std::span{&byte, 1}));
    if (watch.reason()) break;
  }
  const char rest[] = {'x', '\n', 'y'};
  watch.feed(std::as_bytes(std::span{rest}));
  EXPECT_EQ(watch.reason(), "x");
}

TEST(PanicWatch, TheFirstPanicCountsAndItsTextIsHarmless) {
  EXPECT_EQ(reason_in("Kernel panic - not syncing: a\x1b[2Jb\nKernel panic - not syncing: c\n"), "a[2Jb");
  EXPECT_LE(reason_in("Kernel panic - not syncing: " + std::string(10000, 'z'))->size(), 160u);
}

}  // namespace
}  // namespace redoubt::vmm
