// SPDX-License-Identifier: Apache-2.0
#include "vmm/boards/arm64/fdt_writer.hpp"

#include <libfdt.h>

#include <utility>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm::arm64 {

FdtWriter::Node::Node(FdtWriter& writer, const std::string& name) : writer_(writer) {
  writer_.check(fdt_begin_node(writer_.buffer_.data(), name.c_str()));
}

FdtWriter::Node::~Node() { writer_.check(fdt_end_node(writer_.buffer_.data())); }

FdtWriter::FdtWriter(std::size_t max_bytes) : buffer_(max_bytes) {
  check(fdt_create(buffer_.data(), static_cast<int>(max_bytes)));
  check(fdt_finish_reservemap(buffer_.data()));
}

void FdtWriter::check(int error) {
  if (error_ == 0) error_ = error;
}

void FdtWriter::flag(const char* name) { check(fdt_property(buffer_.data(), name, nullptr, 0)); }

void FdtWriter::cells(const char* name, std::initializer_list<std::uint32_t> values) {
  std::vector<fdt32_t> wire;
  for (const std::uint32_t value : values) wire.push_back(cpu_to_fdt32(value));
  check(fdt_property(buffer_.data(), name, wire.data(), static_cast<int>(wire.size() * sizeof(fdt32_t))));
}

void FdtWriter::quads(const char* name, std::initializer_list<std::uint64_t> values) {
  std::vector<fdt64_t> wire;
  for (const std::uint64_t value : values) wire.push_back(cpu_to_fdt64(value));
  check(fdt_property(buffer_.data(), name, wire.data(), static_cast<int>(wire.size() * sizeof(fdt64_t))));
}

void FdtWriter::text(const char* name, const std::string& value) {
  check(fdt_property_string(buffer_.data(), name, value.c_str()));
}

void FdtWriter::texts(const char* name, std::initializer_list<const char*> values) {
  std::string wire;
  for (const char* value : values) wire.append(value).push_back('\0');
  check(fdt_property(buffer_.data(), name, wire.data(), static_cast<int>(wire.size())));
}

void FdtWriter::bytes(const char* name, std::span<const std::byte> value) {
  check(fdt_property(buffer_.data(), name, value.data(), static_cast<int>(value.size())));
}

auto FdtWriter::finish() -> std::vector<std::byte> {
  check(fdt_finish(buffer_.data()));
  if (error_ != 0) fail("cannot build the guest's device tree: {}", fdt_strerror(error_));
  buffer_.resize(fdt_totalsize(buffer_.data()));
  return std::move(buffer_);
}

}  // namespace redoubt::vmm::arm64
