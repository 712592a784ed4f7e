// SPDX-License-Identifier: Apache-2.0
// The measurements of a protected VM under the names that EL2 uses. Callers hold the core lock.
#pragma once

#include "crypto/realm_measurement.hpp"

namespace redoubt::hyp {

using Measurements = crypto::RealmMeasurements;

using crypto::begin_measurement;
using crypto::extend_measurement;
using crypto::measure_boot_vcpu;
using crypto::measure_page;
using crypto::measure_ram;
using crypto::read_measurement;

}  // namespace redoubt::hyp
