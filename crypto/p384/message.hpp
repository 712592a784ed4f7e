// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/p384/curve.hpp"

namespace redoubt::crypto::p384 {

// What of a message is signed: its SHA-384 digest as a number (FIPS 186-5 6.4.1 step 2), modulo the group's order.
[[nodiscard]] auto number_of(Pieces message) noexcept -> Scalar;

}  // namespace redoubt::crypto::p384
