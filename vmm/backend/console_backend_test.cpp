// SPDX-License-Identifier: Apache-2.0
// The user's side of the console, on a pseudo terminal and on pipes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "vmm/backend/console.hpp"
#include "vmm/backend/terminal.hpp"

namespace redoubt::vmm {
namespace {

struct FakeDevice final : ConsoleDevice {
  auto receive(std::span<const std::byte> bytes) -> std::size_t override {
    std::size_t taken = 0;
    while (taken < bytes.size() && text.size() < limit) text.push_back(static_cast<char>(bytes[taken++]));
    return taken;
  }
  void output_drained() override { ++drained; }
  std::string text;
  std::size_t limit = 1000;
  int drained = 0;
};

class ConsoleBackendTest : public testing::Test {
 protected:
  ConsoleBackendTest() {
    int master = -1;
    int slave = -1;
    EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    user = UniqueFd{master};
    terminal = UniqueFd{slave};
  }
  void type(const std::string& text) {
    EXPECT_EQ(::write(user.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    for (int i = 0; i < 5; ++i) loop.step(20);
  }

  EventLoop loop;
  UniqueFd user;
  UniqueFd terminal;
  FakeDevice device;
  int escapes = 0;
};

TEST_F(ConsoleBackendTest, KeysReachTheDeviceAndCtrlAXEnds) {
  const RawTerminal raw(terminal.get());
  EXPECT_TRUE(raw.active());
  Console console(loop, {.out = -1, .in = terminal.get(), .escape = true}, [this] { ++escapes; });
  console.attach({&device}, &device);
  type("ab\x03");
  EXPECT_EQ(device.text, "ab\x03") << "Ctrl-C is the guest's";
  type("\x01");
  type("a\x01\x01z");
  EXPECT_EQ(device.text, "ab\x03\x01\x01z");
  EXPECT_EQ(escapes, 0);
  type("\x01x");
  EXPECT_EQ(escapes, 1);
}

TEST_F(ConsoleBackendTest, TheEscapeWorksWhenTheGuestDoesNotListen) {
  const RawTerminal raw(terminal.get());
  Console console(loop, {.out = -1, .in = terminal.get(), .escape = true}, [this] { ++escapes; });
  console.attach({&device}, &device);
  device.limit = 2;
  type("abcd");
  EXPECT_EQ(device.text, "ab");
  type("\x01x");
  EXPECT_EQ(escapes, 1);
  device.limit = 100;
  console.input_wanted();
  type("");
  EXPECT_EQ(device.text, "abcd");
}

TEST_F(ConsoleBackendTest, TheTerminalIsRestored) {
  termios before{};
  termios after{};
  ::tcgetattr(terminal.get(), &before);
  {
    const RawTerminal raw(terminal.get());
    ::tcgetattr(terminal.get(), &after);
    EXPECT_EQ(after.c_lflag & ICANON, 0u);
  }
  ::tcgetattr(terminal.get(), &after);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
}

TEST_F(ConsoleBackendTest, AFileIsInputToo) {
  const std::string path = testing::TempDir() + "redoubt_console_test." + std::to_string(::getpid());
  const UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)};
  ::unlink(path.c_str());
  ASSERT_EQ(::write(file.get(), "from a file", 11), 11);
  ::lseek(file.get(), 0, SEEK_SET);
  Console console(loop, {.out = -1, .in = file.get(), .escape = false}, [] {});
  console.attach({&device}, &device);
  for (int i = 0; i < 5; ++i) loop.step(20);
  EXPECT_EQ(device.text, "from a file");
}

TEST_F(ConsoleBackendTest, AReaderThatStallsFillsTheBufferAndDrainsLater) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader{ends[0]};
  const UniqueFd writer{ends[1]};
  Console console(loop, {.out = writer.get(), .in = -1, .escape = false}, [] {});
  console.attach({&device}, nullptr);
  const std::string block(4096, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t now = console.write(std::as_bytes(std::span{block}));
    taken += now;
    if (now < block.size() && i > 100) break;
    ::usleep(1000);
  }
  EXPECT_LT(taken, 300u * 1024) << "pipe and buffers are bounded";
  std::string read(taken, '\0');
  for (std::size_t got = 0; got < taken;)
    got += static_cast<std::size_t>(::read(reader.get(), &read[got], taken - got));
  console.flush();
  for (int i = 0; i < 5; ++i) loop.step(20);
  EXPECT_GE(device.drained, 1);
  EXPECT_EQ(read, std::string(taken, 'x'));
}

TEST_F(ConsoleBackendTest, AReaderThatIsGoneCostsNothing) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::signal(SIGPIPE, SIG_IGN);
  const UniqueFd writer{ends[1]};
  ::close(ends[0]);
  Console console(loop, {.out = writer.get(), .in = -1, .escape = false}, [] {});
  for (int i = 0; i < 100; ++i) {
    const std::string block(4096, 'x');
    static_cast<void>(console.write(std::as_bytes(std::span{block})));
  }
  console.flush();
  EXPECT_EQ(console.room(), 64u * 1024);
}

}  // namespace
}  // namespace redoubt::vmm
