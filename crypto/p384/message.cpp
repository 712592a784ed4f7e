// SPDX-License-Identifier: Apache-2.0
#include "crypto/p384/message.hpp"

#include "crypto/sha512.hpp"

namespace redoubt::crypto::p384 {

auto number_of(Pieces message) noexcept -> Scalar {
  Sha384 hash;
  update_all(hash, message);
  return Scalar::reduced(limbs_from_big<6>(hash.finish()));
}

}  // namespace redoubt::crypto::p384
