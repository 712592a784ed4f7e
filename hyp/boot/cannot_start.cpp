// SPDX-License-Identifier: Apache-2.0
// Redoubt was started at EL1, where there is nothing it could protect, or on a CPU whose EL2 has the host extensions (VHE)
// always on. It says so on the first PL011 of the device tree.
// Runs with the MMU off at the load address: no pointer that the linker stored may be followed.
#include <cstddef>
#include <cstdint>

namespace redoubt::hyp {
namespace {

constexpr std::uint32_t kFdtMagic = 0xedfe'0dd0;  // as a little-endian CPU reads it
constexpr std::uint32_t kMaxTreeBytes = 2 * 1024 * 1024;

auto big_endian32(const volatile unsigned char* at) noexcept -> std::uint32_t {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

auto hex_digit(unsigned char c) noexcept -> int {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The unit address of a node named "pl011@..." or "serial@...": enough for a message of despair.
auto find_uart(const volatile unsigned char* tree, std::uint32_t bytes) noexcept -> std::uint64_t {
  for (std::uint32_t at = 0; at + 16 < bytes; ++at) {
    const bool pl011 = tree[at] == 'p' && tree[at + 1] == 'l' && tree[at + 2] == '0' && tree[at + 3] == '1' &&
                       tree[at + 4] == '1' && tree[at + 5] == '@';
    if (!pl011) continue;
    std::uint64_t address = 0;
    for (std::uint32_t digit = at + 6; digit < bytes && hex_digit(tree[digit]) >= 0; ++digit) {
      address = address * 16 + static_cast<std::uint64_t>(hex_digit(tree[digit]));
    }
    return address;
  }
  return 0;
}

template <std::size_t kBytes>
void print(std::uint64_t uart, const char (&text)[kBytes]) noexcept {
  for (std::size_t n = 0; n + 1 < kBytes; ++n) {
    *reinterpret_cast<volatile std::uint32_t*>(uart) = static_cast<unsigned char>(text[n]);
  }
}

}  // namespace

extern "C" void report_cannot_start(std::uint64_t dtb, std::uint64_t always_vhe) noexcept {
  const auto* const tree = reinterpret_cast<const volatile unsigned char*>(dtb);
  if (dtb == 0 || *reinterpret_cast<const volatile std::uint32_t*>(dtb) != kFdtMagic) return;
  const auto bytes = big_endian32(tree + 4);
  const auto uart = find_uart(tree, bytes < kMaxTreeBytes ? bytes : kMaxTreeBytes);
  if (uart == 0) return;
  if (always_vhe != 0) {
    return print(uart, "redoubt: HCR_EL2.E2H cannot be cleared on this CPU, which is not supported. Stopped.\r\n");
  }
  print(uart,
        "redoubt: started at EL1, but a hypervisor needs EL2. Enable virtualization in the firmware or the boot loader "
        "(QEMU: -M virt,virtualization=on). Stopped.\r\n");
}

}  // namespace redoubt::hyp
