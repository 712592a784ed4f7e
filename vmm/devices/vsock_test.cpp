// SPDX-License-Identifier: Apache-2.0
// The socket device with its real multiplexer, between a scripted guest and unix sockets of this test.
#include "vmm/devices/vsock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "vmm/backend/unix_socket.hpp"
#include "vmm/backend/vsock_mux.hpp"
#include "vmm/virtio/test_driver.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

using test::kDescWrite;
using test::kRamBase;

constexpr std::uint32_t kGuestCid = 9;
constexpr std::uint64_t kTx = kRamBase + 0x20000;
constexpr std::uint64_t kRx = kRamBase + 0x40000;
constexpr std::uint32_t kRxBytes = 4096;

class Vsock : public testing::Test {
 protected:
  Vsock() { driver.bring_up(); }

  void settle() {
    for (int i = 0; i < 3; ++i) loop.step(0);
  }
  void guest_sends(VsockHeader header, const std::string& payload = "") {
    header.length = header.length == 0 ? static_cast<std::uint32_t>(payload.size()) : header.length;
    driver.poke(kTx, header);
    driver.poke_text(kTx + sizeof header, payload);
    driver.send(1, {{kTx, static_cast<std::uint32_t>(sizeof header + payload.size()), 0, 0}});
  }
  [[nodiscard]] static auto header(VsockOp op, std::uint32_t guest_port, std::uint32_t host_port) -> VsockHeader {
    return {.source_cid = kGuestCid,
            .target_cid = 2,
            .source_port = guest_port,
            .target_port = host_port,
            .length = 0,
            .type = 1,
            .op = op,
            .flags = 0,
            .buffer_bytes = 1 << 16,
            .consumed_bytes = 0};
  }
  // The next packet the device has for us, op 0 if none. One receive buffer is offered at a time.
  auto guest_receives(std::string* payload = nullptr) -> VsockHeader {
    if (offered_ == received_) {
      driver.send(0, {{kRx, kRxBytes, kDescWrite, 0}});
      ++offered_;
    }
    settle();
    if (driver.used_index(0) == received_) return {};
    ++received_;
    const auto got = driver.peek<VsockHeader>(kRx);
    if (payload != nullptr) *payload = driver.peek_text(kRx + sizeof got, got.length);
    return got;
  }

  const std::string path =
      testing::TempDir() + "redoubt_vsock_test." + std::to_string(::getpid());  // tests run in parallel
  EventLoop loop;
  VsockMux mux{loop, kGuestCid, path};
  VirtioVsock device{kGuestCid, mux};
  test::Driver driver{device};
  std::uint16_t offered_ = 0;
  std::uint16_t received_ = 0;
};

TEST_F(Vsock, ConfigurationTellsTheCid) { EXPECT_EQ(driver.reg(0x100), kGuestCid); }

TEST_F(Vsock, AConnectionOfTheHostCarriesDataBothWays) {
  const UniqueFd client = connect_unix(path);
  ASSERT_TRUE(client);
  ASSERT_EQ(::send(client.get(), "CONNECT 52\nping", 15, 0), 15);
  settle();
  const VsockHeader request = guest_receives();
  EXPECT_EQ(request.op, VsockOp::kRequest);
  EXPECT_EQ(request.target_port, 52u);
  EXPECT_EQ(request.target_cid, kGuestCid);
  guest_sends(header(VsockOp::kResponse, 52, request.source_port));
  char text[64] = {};
  EXPECT_GT(::recv(client.get(), text, sizeof text, 0), 3);
  EXPECT_EQ(std::string(text), "OK " + std::to_string(std::uint32_t{request.source_port}) + "\n");

  std::string payload;
  EXPECT_EQ(guest_receives(&payload).op, VsockOp::kData);
  EXPECT_EQ(payload, "ping");
  guest_sends(header(VsockOp::kData, 52, request.source_port), "pong");
  std::memset(text, 0, sizeof text);
  EXPECT_EQ(::recv(client.get(), text, sizeof text, 0), 4);
  EXPECT_EQ(std::string(text), "pong");

  ::shutdown(client.get(), SHUT_WR);
  const VsockHeader end = guest_receives();
  EXPECT_EQ(end.op, VsockOp::kShutdown);
  EXPECT_EQ(end.flags, kVsockShutdownSend);
  VsockHeader close = header(VsockOp::kShutdown, 52, request.source_port);
  close.flags = 3;
  guest_sends(close);
  EXPECT_EQ(guest_receives().op, VsockOp::kReset);
  EXPECT_EQ(::recv(client.get(), text, sizeof text, 0), 0) << "closed";
}

TEST_F(Vsock, AConnectionOfTheGuestReachesThePortsSocket) {
  const UnixListener service(path + "_77");
  guest_sends(header(VsockOp::kRequest, 1000, 77));
  EXPECT_EQ(guest_receives().op, VsockOp::kResponse);
  const UniqueFd server = service.accept();
  ASSERT_TRUE(server);
  guest_sends(header(VsockOp::kData, 1000, 77), "hello");
  char text[16] = {};
  EXPECT_EQ(::recv(server.get(), text, sizeof text, 0), 5);
  guest_sends(header(VsockOp::kReset, 1000, 77));
  EXPECT_EQ(::recv(server.get(), text, sizeof text, 0), 0);
}

TEST_F(Vsock, NobodyThereIsAReset) {
  guest_sends(header(VsockOp::kRequest, 1000, 78));
  const VsockHeader answer = guest_receives();
  EXPECT_EQ(answer.op, VsockOp::kReset);
  EXPECT_EQ(answer.source_port, 78u);
  EXPECT_EQ(answer.target_port, 1000u);
}

TEST_F(Vsock, BadCommandsCloseTheClient) {
  for (const std::string line :
       {"HELLO\n", "CONNECT\n", "CONNECT 12x\n", "CONNECT 4294967296\n", "CONNECT 1111111111111111111111111"}) {
    const UniqueFd client = connect_unix(path);
    ASSERT_GT(::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL), 0);
    settle();
    char byte = 0;
    EXPECT_LE(::recv(client.get(), &byte, 1, MSG_DONTWAIT), 0) << line;
    EXPECT_NE(errno, EAGAIN) << line;
    errno = 0;
  }
  EXPECT_EQ(static_cast<unsigned>(guest_receives().op), 0u) << "the guest heard nothing of it";
}

TEST_F(Vsock, CreditOfTheGuestIsNeverExceeded) {
  const UnixListener service(path + "_77");
  VsockHeader request = header(VsockOp::kRequest, 1000, 77);
  request.buffer_bytes = 6;
  guest_sends(request);
  EXPECT_EQ(guest_receives().op, VsockOp::kResponse);
  const UniqueFd server = service.accept();
  ASSERT_EQ(::send(server.get(), "0123456789", 10, 0), 10);
  std::string payload;
  EXPECT_EQ(guest_receives(&payload).op, VsockOp::kData);
  EXPECT_EQ(payload, "012345");
  EXPECT_EQ(static_cast<unsigned>(guest_receives().op), 0u) << "no credit left";
  VsockHeader update = header(VsockOp::kCreditUpdate, 1000, 77);
  update.buffer_bytes = 6;
  update.consumed_bytes = 6;
  guest_sends(update);
  EXPECT_EQ(guest_receives(&payload).op, VsockOp::kData);
  EXPECT_EQ(payload, "6789");
  update.consumed_bytes = 1000;  // more than was ever sent
  guest_sends(update);
  ASSERT_EQ(::send(server.get(), "x", 1, 0), 1);
  EXPECT_EQ(static_cast<unsigned>(guest_receives().op), 0u);
}

TEST_F(Vsock, AGuestThatIgnoresOurCreditIsCutOff) {
  const UnixListener service(path + "_77");
  guest_sends(header(VsockOp::kRequest, 1000, 77));
  EXPECT_EQ(guest_receives().op, VsockOp::kResponse);
  const UniqueFd server = service.accept();
  bool reset = false;
  for (int i = 0; i < 40 && !reset; ++i) {
    guest_sends(header(VsockOp::kData, 1000, 77), std::string(0x10000 - 64, 'x'));
    reset = guest_receives().op == VsockOp::kReset;
  }
  EXPECT_TRUE(reset) << "the reader never read, yet more than socket and buffer hold was accepted";
}

TEST_F(Vsock, AnswersThatAreNotFetchedHoldUpTheGuest) {
  for (int i = 0; i < 256 + 5; ++i) guest_sends(header(VsockOp::kData, 1, 2));
  EXPECT_EQ(driver.used_index(1), 256);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(guest_receives().op, VsockOp::kReset);
  EXPECT_EQ(driver.used_index(1), 256 + 3) << "each answer fetched makes room for one packet";
  EXPECT_FALSE(driver.needs_reset());
}

TEST_F(Vsock, NonsenseIsRefusedOrIgnored) {
  VsockHeader wrong = header(VsockOp::kRequest, 5, 77);
  wrong.source_cid = 1234;
  guest_sends(wrong);
  EXPECT_EQ(static_cast<unsigned>(guest_receives().op), 0u) << "a forged sender gets no answer";
  wrong = header(VsockOp::kRequest, 5, 77);
  wrong.target_cid = 4;
  guest_sends(wrong);
  EXPECT_EQ(guest_receives().op, VsockOp::kReset);
  wrong = header(VsockOp::kRequest, 5, 77);
  wrong.type = 2;
  guest_sends(wrong);
  EXPECT_EQ(guest_receives().op, VsockOp::kReset);
  guest_sends(header(static_cast<VsockOp>(99), 5, 77));
  EXPECT_EQ(guest_receives().op, VsockOp::kReset);
  EXPECT_FALSE(driver.needs_reset());
}

TEST_F(Vsock, LengthsThatDisagreeStopTheDevice) {
  for (const std::uint32_t length : {5u, 0x10001u, 0xffffffffu}) {
    VsockHeader lie = header(VsockOp::kData, 5, 77);
    lie.length = length;
    guest_sends(lie, "four");
    EXPECT_TRUE(driver.needs_reset()) << length;
    driver.bring_up();
  }
  driver.poke(kTx, header(VsockOp::kData, 5, 77));
  driver.send(1, {{kTx, 43, 0, 0}});
  EXPECT_TRUE(driver.needs_reset()) << "half a header";
}

TEST_F(Vsock, ResetClosesEveryConnection) {
  const UnixListener service(path + "_77");
  guest_sends(header(VsockOp::kRequest, 1000, 77));
  EXPECT_EQ(guest_receives().op, VsockOp::kResponse);
  const UniqueFd server = service.accept();
  driver.set(0x070, 0);
  char byte = 0;
  EXPECT_EQ(::recv(server.get(), &byte, 1, 0), 0);
  const UniqueFd client = connect_unix(path);
  settle();
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 0) << "no driver, no connection";
}

TEST(UnixListener, ReplacesWhatIsStaleAndNothingElse) {
  const std::string path = testing::TempDir() + "redoubt_listener_test." + std::to_string(::getpid());
  const UnixListener first(path);
  EXPECT_THROW(UnixListener{path}, Failure);
  const std::string file = path + ".txt";
  ::close(::creat(file.c_str(), 0600));
  EXPECT_THROW(UnixListener{file}, Failure);
  ::unlink(file.c_str());
}

}  // namespace
}  // namespace redoubt::vmm
