// SPDX-License-Identifier: Apache-2.0
// A state as bytes, and its content marks.
#include <cstring>

#include "proofs/explorer/world.hpp"

namespace redoubt::explorer {

namespace {

constexpr std::uint64_t kHostMark = 0x4057;
constexpr std::uint64_t kSecretMark = 0x5ec7e7;
constexpr unsigned kMarkWord = 500;

template <class T>
void put(std::string& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
void get(const char*& at, T& value) {
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
}

template <class Io>
void each_field(core::Vm& vm, Io&& io) {
  io(vm.state);
  io(vm.prot);
  io(vm.rsi);
  io(vm.ipa_bits);
  io(vm.root);
  io(vm.decoy);
  io(vm.next_image);
  io(vm.mapped_pages);
  io(vm.meta_pages);
  io(vm.nr_vcpus);
  io(vm.created_vcpus);
  io(vm.loaded_vcpus);
  for (unsigned i = 0; i < kSpecVcpus; ++i) {
    io(vm.vcpus[i].state);
    io(vm.vcpus[i].run);
    io(vm.vcpus[i].exists);
    io(vm.vcpus[i].loaded);
  }
}

}  // namespace

auto World::save() const -> std::string {
  std::string bytes;
  put(bytes, entries_);
  put(bytes, mapped_);
  put(bytes, memory_.hyp_mapped);
  for (unsigned slot = 0; slot < kSpecVms; ++slot) {
    core::Vm vm = core_.vms.at(slot);
    if (vm.state != core::VmState::building) vm.next_image = Gfn{0};
    each_field(vm, [&](const auto& field) { put(bytes, field); });
    put(bytes, vm.pool.size());
    for (std::uint32_t i = 0; i < vm.pool.size(); ++i) put(bytes, vm.pool.at(i));
  }
  for (std::uint16_t i = 0; i < kPages * 512; ++i) {
    if (memory_.words[i] == 0) continue;
    put(bytes, i);
    put(bytes, memory_.words[i]);
  }
  return bytes;
}

void World::load(const std::string& bytes) {
  const char* at = bytes.data();
  get(at, entries_);
  get(at, mapped_);
  get(at, memory_.hyp_mapped);
  core_.counters = {};
  for (unsigned slot = 0; slot < kSpecVms; ++slot) {
    core::Vm& vm = core_.vms.at(slot);
    vm = core::Vm{};
    vm.slot = slot;
    each_field(vm, [&](auto& field) { get(at, field); });
    std::uint32_t size = 0;
    for (get(at, size); size > 0; --size) {
      Pfn pfn;
      get(at, pfn);
      vm.pool.push(pfn);
    }
    core_.counters.vms += vm.state != core::VmState::free ? 1 : 0;
  }
  for (const core::PageEntry entry : entries_) {
    if (entry.owner() == core::Owner::guest) ++core_.counters.guest_pages;
    if (entry.owner() == core::Owner::hyp && !entry.pinned()) ++core_.counters.hyp_pages;
    core_.counters.borrowed_pages += entry.borrows();
  }
  memory_.words.fill(0);
  while (at != bytes.data() + bytes.size()) {
    std::uint16_t index = 0;
    get(at, index);
    get(at, memory_.words[index]);
  }
}

auto World::content_error(const SpecState& before, const SpecState& after, bool image) const -> const char* {
  for (unsigned number = 0; number < kPages; ++number) {
    const Kind was = before.pages[number].kind;
    const Kind is = after.pages[number].kind;
    if (was == is) continue;
    const std::uint64_t* words = &memory_.words[number * 512];
    if (image && is == Kind::guest) {
      if (words[kMarkWord] != kHostMark) return "an image page lost its content";
      continue;
    }
    for (unsigned i = 0; i < 512; ++i) {
      if (words[i] != 0) return "a page changed hands and was not wiped";
    }
  }
  return nullptr;
}

void World::put_marks(const SpecState& state) {
  for (unsigned number = 0; number < kPages; ++number) {
    const spec::Page& page = state.pages[number];
    if (page.kind == Kind::host) memory_.write(number * 512 + kMarkWord, kHostMark);
    if (page.kind == Kind::guest) memory_.write(number * 512 + kMarkWord, kSecretMark);
  }
  for (const SpecVm& vm : state.vms) {
    for (const spec::Vcpu& vcpu : vm.vcpus) {
      if (vcpu.exists) memory_.write((vcpu.state - kFirstFrame) * 512 + kMarkWord, kSecretMark);
    }
  }
}

}  // namespace redoubt::explorer
