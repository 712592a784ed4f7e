// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "kvm/exits.hpp"

#include "kvm/testing/vm_fixture.hpp"

namespace redoubt::kvm {
namespace {

class Exits : public VmTest {};
class ProtectedExits : public VmTest {
 protected:
  ProtectedExits() : VmTest(RD_VM_PROTECTED | RD_VM_RSI) {}
};

auto plain(rd_exit_reason reason, std::uint64_t arg0 = 0, std::uint64_t arg1 = 0) -> rd_run_exit {
  rd_run_exit exit{};
  exit.reason = reason;
  exit.args[0] = arg0;
  exit.args[1] = arg1;
  return exit;
}

TEST_F(Exits, MmioOnMemoryMeansBackThePage) {
  EXPECT_EQ(mmio(kRam + 0x123, true).verdict, RK_BACK_PAGE);
  EXPECT_EQ(mmio(kRam + kRamBytes - 4, false).verdict, RK_BACK_PAGE);
  EXPECT_EQ(mmio(kRam + kRamBytes, false).verdict, RK_USER_MMIO);
  EXPECT_EQ(mmio(kRam - 4, false).verdict, RK_USER_MMIO);
  EXPECT_EQ(mmio(kRam, true).next_action, RD_ACTION_NONE);  // the instruction runs again
}

TEST_F(Exits, WritesToRomGoToTheVmmReadsDoNot) {
  EXPECT_EQ(mmio(kRom, false).verdict, RK_BACK_PAGE);
  EXPECT_EQ(mmio(kRom, true).verdict, RK_USER_MMIO);
  EXPECT_EQ(memory(kRom, RD_PROT_X).verdict, RK_BACK_PAGE);
  EXPECT_EQ(memory(kRom, RD_PROT_W).verdict, RK_UNHANDLED);
}

TEST_F(Exits, MmioCarriesTheAccess) {
  const rk_action action = mmio(kUart, true);
  EXPECT_EQ(action.verdict, RK_USER_MMIO);
  EXPECT_EQ(action.ipa, kUart);
  EXPECT_EQ(action.value, 0x12345678U);
  EXPECT_EQ(action.bytes, 4U);
  EXPECT_EQ(action.write, 1U);
}

TEST_F(Exits, DistributorIsOursOnceInitialised) {
  EXPECT_EQ(mmio(kGicd + 0x100, true).verdict, RK_USER_MMIO);
  add_gic();
  EXPECT_EQ(mmio(kGicd + 0x100, true).verdict, RK_DISTRIBUTOR);
  EXPECT_EQ(mmio(kGicd + 0x100, true).ipa, 0x100U);
  EXPECT_EQ(mmio(kGicd + 0xfffc, false).verdict, RK_DISTRIBUTOR);
  EXPECT_EQ(mmio(kGicd + 0x10000, false).verdict, RK_USER_MMIO);
  EXPECT_EQ(mmio(kGicd - 4, false).verdict, RK_USER_MMIO);
}

TEST_F(Exits, IoeventTakesWritesOnly) {
  const rk_ioevent event{.ipa = kUart, .data = 0, .bytes = 4, .match_data = 0, .handle = 77};
  ASSERT_EQ(rk_ioevent_add(vm_.get(), &event), 0);
  EXPECT_EQ(mmio(kUart, true).verdict, RK_IOEVENT);
  EXPECT_EQ(mmio(kUart, true).count, 77U);
  EXPECT_EQ(mmio(kUart, false).verdict, RK_USER_MMIO);
}

TEST_F(Exits, FetchFromNowhereIsTheGuestsFaultDataAccessIsReported) {
  EXPECT_EQ(memory(0x1000, RD_PROT_X).next_action, RD_ACTION_INJECT_SEA);
  EXPECT_EQ(memory(0x1000, RD_PROT_W).verdict, RK_UNHANDLED);
  EXPECT_EQ(memory(kRam, RD_PROT_X).verdict, RK_BACK_PAGE);
}

TEST_F(Exits, SystemEventsAndFaults) {
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_SYSTEM, RD_SYSTEM_OFF)).value, 1U);
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_SYSTEM, RD_SYSTEM_RESET, 1)).value, 2U);
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_SYSTEM, RD_SYSTEM_RESET, 1)).end_ipa, 1U);
  const rk_action crash = decode_exit(*vm_, plain(RD_EXIT_FAULT, RD_FAULT_NOT_REALM));
  EXPECT_EQ(crash.verdict, RK_USER_CRASH);
  EXPECT_EQ(crash.value, unsigned{RD_FAULT_NOT_REALM});
}

TEST_F(Exits, WaitingAndCalls) {
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_WFX, 0)).verdict, RK_WAIT);
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_WFX, 1)).verdict, RK_RUN_AGAIN);
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_VCPU_OFF)).verdict, RK_WAIT_OFF);
  EXPECT_EQ(decode_exit(*vm_, plain(RD_EXIT_NEED_TABLES, 3)).count, 3U);
  rd_run_exit unknown{};
  unknown.reason = 999;
  EXPECT_EQ(decode_exit(*vm_, unknown).verdict, RK_RUN_AGAIN);
}

TEST_F(ProtectedExits, NothingIsEmulatedInThePrivateHalf) {
  EXPECT_EQ(mmio(kUart, true, 0).verdict, RK_RUN_AGAIN);
  EXPECT_EQ(mmio(kUart, true, 0).next_action, RD_ACTION_INJECT_SEA);
  EXPECT_EQ(mmio(kUart, true, 1).verdict, RK_USER_MMIO);
  EXPECT_EQ(memory(0x1000, RD_PROT_W, 0).next_action, RD_ACTION_INJECT_SEA);
  EXPECT_EQ(memory(kRam, RD_PROT_W, 0).verdict, RK_BACK_PAGE);
  EXPECT_EQ(memory(kRam, RD_PROT_W, 1).verdict, RK_BACK_PAGE);
  EXPECT_EQ(memory(kRam, RD_PROT_W, 1).shared, 1U);
}

TEST_F(ProtectedExits, MemoryEndsBelowTheSharedAlias) {
  const rk_slot_request above{.ipa = std::uint64_t{1} << 35U, .bytes = 0x1000, .hva = 0x1000, .id = 5, .flags = 0};
  rk_slot_change change{};
  EXPECT_EQ(rk_slot_prepare(vm_.get(), &above, &change), -22);
}

TEST_F(ProtectedExits, RipasChangesAreHandedOn) {
  rd_run_exit exit = plain(RD_EXIT_RIPAS, kRam, kRam + 0x3000);
  exit.args[2] = RD_RIPAS_RAM;
  const rk_action action = decode_exit(*vm_, exit);
  EXPECT_EQ(action.verdict, RK_RIPAS);
  EXPECT_EQ(action.ipa, kRam);
  EXPECT_EQ(action.end_ipa, kRam + 0x3000);
  EXPECT_EQ(action.value, unsigned{RD_RIPAS_RAM});
}

}  // namespace
}  // namespace redoubt::kvm
