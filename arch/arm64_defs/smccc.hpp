// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Function identifiers and status codes of the SMC calling convention (Arm DEN0028) and of the services spoken over it:
// PSCI (DEN0022), TRNG firmware interface (DEN0098), Realm Services Interface (DEN0137, RSI 1.0), pKVM guest calls.
// Used by EL2 to decode and by guests to call.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace redoubt::arm64 {

// Fields of a function identifier (DEN0028 2.5).
namespace fid {
using SMC64 = Field<30>;
using OWNER = Field<24, 6>;
using SVE_HINT = Field<16>;  // SMCCC 1.3: "no live SVE state". A hint, to be dropped before the identifier is compared.
using NUMBER = Field<0, 16>;
}  // namespace fid

inline constexpr std::uint32_t kSmccc1_1 = 0x1'0001;
inline constexpr std::uint32_t kSmccc1_2 = 0x1'0002;
inline constexpr std::uint32_t kPsci1_0 = 0x1'0000;
inline constexpr std::uint32_t kPsci1_1 = 0x1'0001;
inline constexpr std::uint32_t kTrng1_0 = 0x1'0000;
inline constexpr std::uint32_t kRsi1_0 = 0x1'0000;

enum class Fid : std::uint32_t {
  // Arm architecture calls.
  SMCCC_VERSION = 0x8000'0000,
  SMCCC_ARCH_FEATURES = 0x8000'0001,
  SMCCC_ARCH_SOC_ID = 0x8000'0002,
  SMCCC_ARCH_SOC_ID64 = 0xc000'0002,
  SMCCC_ARCH_WORKAROUND_1 = 0x8000'8000,  // branch target injection
  SMCCC_ARCH_WORKAROUND_2 = 0x8000'7fff,  // speculative store bypass
  SMCCC_ARCH_WORKAROUND_3 = 0x8000'3fff,  // branch history injection

  PSCI_VERSION = 0x8400'0000,
  PSCI_CPU_SUSPEND32 = 0x8400'0001,
  PSCI_CPU_SUSPEND64 = 0xc400'0001,
  PSCI_CPU_OFF = 0x8400'0002,
  PSCI_CPU_ON32 = 0x8400'0003,
  PSCI_CPU_ON64 = 0xc400'0003,
  PSCI_AFFINITY_INFO32 = 0x8400'0004,
  PSCI_AFFINITY_INFO64 = 0xc400'0004,
  PSCI_MIGRATE_INFO_TYPE = 0x8400'0006,
  PSCI_SYSTEM_OFF = 0x8400'0008,
  PSCI_SYSTEM_RESET = 0x8400'0009,
  PSCI_FEATURES = 0x8400'000a,
  PSCI_NODE_HW_STATE64 = 0xc400'000d,
  PSCI_SYSTEM_RESET2_32 = 0x8400'0012,
  PSCI_SYSTEM_RESET2_64 = 0xc400'0012,
  PSCI_MEM_PROTECT = 0x8400'0013,
  PSCI_SYSTEM_OFF2_32 = 0x8400'0015,
  PSCI_SYSTEM_OFF2_64 = 0xc400'0015,

  TRNG_VERSION = 0x8400'0050,
  TRNG_FEATURES = 0x8400'0051,
  TRNG_GET_UUID = 0x8400'0052,
  TRNG_RND32 = 0x8400'0053,
  TRNG_RND64 = 0xc400'0053,

  RSI_VERSION = 0xc400'0190,
  RSI_FEATURES = 0xc400'0191,
  RSI_MEASUREMENT_READ = 0xc400'0192,
  RSI_MEASUREMENT_EXTEND = 0xc400'0193,
  RSI_ATTESTATION_TOKEN_INIT = 0xc400'0194,
  RSI_ATTESTATION_TOKEN_CONTINUE = 0xc400'0195,
  RSI_REALM_CONFIG = 0xc400'0196,
  RSI_IPA_STATE_SET = 0xc400'0197,
  RSI_IPA_STATE_GET = 0xc400'0198,
  RSI_HOST_CALL = 0xc400'0199,

  // Vendor hypervisor calls, KVM's and pKVM's numbering.
  VENDOR_HYP_CALL_UID = 0x8600'ff01,
  KVM_FEATURES = 0x8600'0000,
  PKVM_MEM_SHARE = 0xc600'0003,
};

// The numeric spaces PSCI and RSI own, implemented or not.
[[nodiscard]] constexpr auto is_psci(Fid call) noexcept -> bool {
  const auto word = static_cast<std::uint32_t>(call) & ~std::uint32_t{0x4000'0000};
  return word >= 0x8400'0000 && word <= 0x8400'001f;
}
[[nodiscard]] constexpr auto is_trng(Fid call) noexcept -> bool {
  const auto word = static_cast<std::uint32_t>(call) & ~std::uint32_t{0x4000'0000};
  return word >= 0x8400'0050 && word <= 0x8400'005f;
}
[[nodiscard]] constexpr auto is_rsi(Fid call) noexcept -> bool {
  const auto word = static_cast<std::uint32_t>(call);
  return word >= 0xc400'0190 && word <= 0xc400'01af;
}

// Results in x0. Signed ones are sign-extended to 64 bits for SMC64 and to 32 bits for SMC32 calls; all ones serve both.
enum class SmcccStatus : std::int64_t { SUCCESS = 0, NOT_SUPPORTED = -1, NOT_REQUIRED = -2, INVALID_PARAMETER = -3 };

enum class PsciStatus : std::int64_t {
  SUCCESS = 0,
  NOT_SUPPORTED = -1,
  INVALID_PARAMETERS = -2,
  ALREADY_ON = -4,
  ON_PENDING = -5,
  INTERNAL_FAILURE = -6,
  INVALID_ADDRESS = -9,
};

enum class PsciAffinity : std::uint64_t { ON = 0, OFF = 1, ON_PENDING = 2 };

enum class TrngStatus : std::int64_t { SUCCESS = 0, NOT_SUPPORTED = -1, INVALID_PARAMETERS = -2, NO_ENTROPY = -3 };
inline constexpr unsigned kTrngMaxBits32 = 96;
inline constexpr unsigned kTrngMaxBits64 = 192;

enum class RsiStatus : std::uint64_t {
  SUCCESS = 0,
  ERROR_INPUT = 1,
  ERROR_STATE = 2,
  INCOMPLETE = 3,
  ERROR_UNKNOWN = 4
};
enum class RsiResponse : std::uint64_t { ACCEPT = 0, REJECT = 1 };
enum class RsiRipas : std::uint64_t { EMPTY = 0, RAM = 1, DESTROYED = 2, DEV = 3 };
enum class RsiHash : std::uint8_t { SHA256 = 0, SHA512 = 1, SHA384 = 2 };
inline constexpr std::uint64_t kRsiChangeDestroyed = 1;  // IPA_STATE_SET flags: DESTROYED pages may change too
inline constexpr unsigned kRsiMeasurements = 5;          // index 0 is the initial one, 1..4 are extensible
inline constexpr unsigned kRsiMeasurementBytes = 64;
inline constexpr unsigned kRsiMeasurementFirstExtensible = 1;

// Layouts shared with a realm (DEN0137): the configuration page and the host-call structure.
namespace rsi_config {
inline constexpr unsigned kBytes = 4096;
inline constexpr unsigned kIpaWidth = 0x000;       // u64
inline constexpr unsigned kHashAlgorithm = 0x008;  // u8, followed by zeros
inline constexpr unsigned kPersonalisation = 0x200;
inline constexpr unsigned kPersonalisationBytes = 64;
}  // namespace rsi_config

namespace rsi_host_call {
inline constexpr unsigned kBytes = 256;  // size and alignment
inline constexpr unsigned kGprs = 0x08;  // u64[31]
}  // namespace rsi_host_call

// Answer to VENDOR_HYP_CALL_UID of a hypervisor that speaks KVM's and pKVM's calls (x0..x3).
inline constexpr std::uint32_t kKvmUid[4] = {0xb66f'b428, 0xe911'c52e, 0x564b'caa9, 0x743a'004d};

}  // namespace redoubt::arm64
