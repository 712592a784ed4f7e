// SPDX-License-Identifier: Apache-2.0
#include "proofs/explorer/symmetry.hpp"

#include <algorithm>

namespace redoubt::explorer {

namespace {

void put(std::string& bytes, std::uint64_t value) { bytes.push_back(static_cast<char>(value)); }

void put_page(std::string& bytes, const spec::Page& page) {
  put(bytes, static_cast<std::uint64_t>(page.kind));
  put(bytes, page.vm);
  put(bytes, page.borrows);
  put(bytes, (page.run ? 1U : 0U) | (page.decoy ? 2U : 0U) | (page.torn ? 4U : 0U));
}

// All that a state says about one page: what it is and where it is referred to. A reference names its slot or vCPU, so
// two pages with equal signatures are not referred to at all.
auto signature(const SpecState& state, unsigned number) -> std::string {
  const std::uint64_t pfn = kFirstFrame + number;
  std::string bytes;
  put_page(bytes, state.pages[number]);
  unsigned place = 0;
  for (const SpecVm& vm : state.vms) {
    for (const Cell& cell : vm.cells) {
      ++place;
      if (cell.mapped && cell.pfn == pfn) put(bytes, place);
    }
    for (const spec::Vcpu& vcpu : vm.vcpus) {
      place += 2;
      if (vcpu.exists && vcpu.state == pfn) put(bytes, place);
      if (vcpu.exists && vcpu.run == pfn) put(bytes, place + 1);
    }
  }
  return bytes;
}

void put_vm(std::string& bytes, const SpecVm& all) {
  const spec::Vm& vm = all.vm;
  put(bytes, static_cast<std::uint64_t>(vm.life));
  put(bytes, (vm.prot ? 1U : 0U) | (vm.rsi ? 2U : 0U));
  put(bytes, vm.nr_vcpus);
  put(bytes, vm.pool);
  put(bytes, vm.next_image);
  put(bytes, vm.mapped);
  put(bytes, vm.meta);
  for (const Cell& cell : all.cells) {
    put(bytes, cell.level);
    put(bytes, static_cast<unsigned>(cell.ripas) | (cell.mapped ? 4U : 0U) | (cell.owned ? 8U : 0U));
    put(bytes, cell.prot);
  }
  for (const spec::Vcpu& vcpu : all.vcpus) put(bytes, (vcpu.exists ? 1U : 0U) | (vcpu.loaded ? 2U : 0U));
}

}  // namespace

auto canonical(const SpecState& state, const Symmetry& symmetry) -> std::string {
  std::string bytes;
  for (const SpecVm& vm : state.vms) put_vm(bytes, vm);
  std::vector<std::string> groups;
  for (unsigned number = 0; number < kSpecPages; ++number) {
    const bool movable = number >= symmetry.first && number < symmetry.first + symmetry.count;
    if (!movable) {
      bytes += signature(state, number) + '\xff';
    } else if (number % symmetry.group == 0) {
      std::vector<std::string> pages;
      for (unsigned i = 0; i < symmetry.group; ++i) pages.push_back(signature(state, number + i));
      std::ranges::sort(pages);
      std::string joined;
      for (const std::string& page : pages) joined += page + '\xff';
      groups.push_back(joined);
    }
  }
  std::ranges::sort(groups);
  for (const std::string& group : groups) bytes += group;
  return bytes;
}

}  // namespace redoubt::explorer
