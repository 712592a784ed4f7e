// SPDX-License-Identifier: Apache-2.0
// Parsing of what users type, shared by command line and configuration file.
#pragma once

#include <cstdint>
#include <string>

#include "vmm/vm/config.hpp"

namespace redoubt::vmm {

// "256M", "2G", "4096K" or a plain number of bytes, a multiple of 2 MiB, at least 16M. Throws Failure.
[[nodiscard]] auto parse_memory(const std::string& text) -> std::uint64_t;

// "FILE[,ro][,id=NAME]". A file name with a comma is written with the comma doubled. Throws Failure.
[[nodiscard]] auto parse_disk(const std::string& text) -> DiskConfig;

// "stdio", "none" or a file name. Throws Failure if empty.
[[nodiscard]] auto parse_console(const std::string& text) -> ConsoleConfig;

}  // namespace redoubt::vmm
