// SPDX-License-Identifier: Apache-2.0
// A hostile driver inside a real VM: whatever it tells a device, the VMM must stay alive, must not reach the guest's private
// memory, and must serve again after a reset. Uses the random number generator and, if there is one, the disk.
#include "guest/payloads/virtio/driver.hpp"
#include "guest/sdk/payload.hpp"
#include "guest/sdk/rsi.hpp"

namespace redoubt::guest {

const std::string_view kPayloadName = "virtio";

namespace {

using virtio::Descriptor;
using virtio::Device;

constinit virtio::Arena arena{};
constinit virtio::Arena private_arena{};
constexpr std::uint64_t kMagic = 0x7365'6372'6574'2121;

[[nodiscard]] auto address_of(const std::byte& byte) noexcept -> Ipa {
  return Ipa{reinterpret_cast<std::uintptr_t>(&byte)};
}

[[nodiscard]] auto queue() noexcept -> Ipa { return shared_alias(address_of(arena.queue[0])); }
[[nodiscard]] auto buffer(std::uint64_t offset) noexcept -> Ipa {
  return shared_alias(address_of(arena.buffers[0])) + offset;
}

[[nodiscard]] auto words_at(Ipa address) noexcept -> volatile std::uint64_t* {
  return reinterpret_cast<volatile std::uint64_t*>(address.value());
}

void fill_private() noexcept {
  volatile std::uint64_t* words = words_at(address_of(private_arena.queue[0]));
  for (std::uint64_t i = 0; i < sizeof private_arena / 8; ++i) words[i] = kMagic;
}

[[nodiscard]] auto private_intact() noexcept -> bool {
  const volatile std::uint64_t* words = words_at(address_of(private_arena.queue[0]));
  for (std::uint64_t i = 0; i < sizeof private_arena / 8; ++i) {
    if (words[i] != kMagic) return false;
  }
  return true;
}

[[nodiscard]] auto draws_random_bytes(Device& rng) noexcept -> bool {
  words_at(buffer(0))[0] = 0;
  words_at(buffer(0))[1] = 0;
  if (!rng.start(queue())) return false;
  rng.describe(0, {buffer(0), 16, virtio::kWrite, 0});
  return rng.submit(0) && (words_at(buffer(0))[0] | words_at(buffer(0))[1]) != 0;
}

void stops_at(Report& report, Device& rng, const Descriptor& first, std::string_view what) noexcept {
  const bool stopped = rng.start(queue()) && (rng.describe(0, first), rng.submit_hostile(0));
  report.check(stopped, what);
  report.check(draws_random_bytes(rng), "  and works after a reset");
}

void check_nonsense(Report& report, Device& rng) noexcept {
  const Ipa end = machine().ram_base + machine().ram_bytes;
  stops_at(report, rng, {buffer(0), 16, virtio::kWrite | virtio::kNext, 0}, "a descriptor that is its own successor");
  stops_at(report, rng, {buffer(0), 16, virtio::kNext, virtio::kQueueSize}, "a successor outside the table");
  stops_at(report, rng, {Ipa{end.value() - 8}, 16, virtio::kWrite, 0}, "a buffer across the end of RAM");
  stops_at(report, rng, {kGicdBase, 16, virtio::kWrite, 0}, "a buffer in a device");
  stops_at(report, rng, {Ipa{~std::uint64_t{0} - 7}, 16, virtio::kWrite, 0},
           "a buffer across the end of the address space");
  static_cast<void>(rng.start(queue()));
  report.check(rng.submit_hostile(0xffff), "a head outside the table");
  report.check(draws_random_bytes(rng), "  and works after a reset");
}

void check_register_storm(Report& report, Device& rng) noexcept {
  static_cast<void>(rng.start(queue()));
  for (std::uint64_t offset = 0; offset < 0x200; offset += 4) {
    for (const std::uint32_t value : {~0u, 0x8000'0000u, 1u, 0u}) rng.write(offset, value);
  }
  for (std::uint32_t index = 0; index < 64; ++index) rng.write(0x050, index);
  report.check(draws_random_bytes(rng), "every register written with extremes, then a reset: works");
}

// Only under rsi is there memory the host cannot reach.
void check_private_memory(Report& report, Device& rng) noexcept {
  const Ipa secret = address_of(private_arena.buffers[0]);
  fill_private();
  stops_at(report, rng, {secret, 64, virtio::kWrite, 0}, "a buffer in private memory");
  stops_at(report, rng, {shared_alias(secret), 64, virtio::kWrite, 0}, "the shared alias of a private page");
  report.check(private_intact(), "private memory is unchanged");
  // The driver sees a queue there, full of the magic number; the host must not.
  static_cast<void>(rng.start(address_of(private_arena.queue[0]), false));
  rng.write(0x050, 0);
  report.check(rng.submit_hostile(0), "a queue in private memory");
  report.check(draws_random_bytes(rng), "  and works after a reset");
}

// One request: header, data, status. The device's status byte, 0x100 if it did not answer.
[[nodiscard]] auto disk_request(Device& disk, std::uint32_t type, Ipa data) noexcept -> unsigned {
  constexpr std::uint64_t kHeader = 0x800;
  constexpr std::uint64_t kStatus = 0x900;
  words_at(buffer(kHeader))[0] = type;
  words_at(buffer(kHeader))[1] = 0;
  words_at(buffer(kStatus))[0] = 0xee;
  disk.describe(0, {buffer(kHeader), 16, virtio::kNext, 1});
  const std::uint16_t direction = type == 0 ? virtio::kWrite : std::uint16_t{0};
  disk.describe(1, {data, 512, static_cast<std::uint16_t>(direction | virtio::kNext), 2});
  disk.describe(2, {buffer(kStatus), 1, virtio::kWrite, 0});
  if (!disk.submit(0)) return 0x100;
  return static_cast<unsigned>(words_at(buffer(kStatus))[0] & 0xff);
}

void check_disk(Report& report) noexcept {
  Device disk = virtio::find(virtio::kIdBlock);
  if (disk.id() != virtio::kIdBlock) return report.skipped("the disk", "there is none");
  report.check(disk.start(queue()) && disk_request(disk, 0, buffer(0)) == 0, "the first sector of the disk");
  if (machine().personality != Personality::Rsi) return;
  fill_private();
  const Ipa secret = address_of(private_arena.buffers[0]);
  for (const std::uint32_t type : {0u, 1u}) {
    const bool answered = disk.start(queue()) && disk_request(disk, type, secret) != 0x100;
    report.check(!answered && disk.needs_reset(), type == 0 ? "read into private memory" : "write from private memory");
  }
  report.check(private_intact(), "private memory is unchanged");
  const std::uint64_t before = words_at(buffer(0))[0];
  report.check(disk.start(queue()) && disk_request(disk, 0, buffer(0)) == 0, "the disk works after a reset");
  report.check(words_at(buffer(0))[0] == before && before != kMagic, "and its content is what it was");
}

}  // namespace

void run_payload(Report& report) noexcept {
  Device rng = virtio::find(virtio::kIdRng);
  if (rng.id() != virtio::kIdRng)
    return report.skipped("everything", "no virtio random number generator at 0x0a000000");
  const bool realm = machine().personality == Personality::Rsi;
  if (realm) {
    const Ipa start = address_of(arena.queue[0]);
    const bool shared = rsi::set_all(start, start + sizeof arena, rsi::RsiRipas::EMPTY, 0);
    if (!report.check(shared, "two pages shared with the host")) return;
  }
  if (!report.check(draws_random_bytes(rng), "random bytes arrive")) return;
  check_nonsense(report, rng);
  check_register_storm(report, rng);
  if (realm) check_private_memory(report, rng);
  check_disk(report);
}

}  // namespace redoubt::guest
