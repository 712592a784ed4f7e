// SPDX-License-Identifier: Apache-2.0
// Access to guest memory that may fault. Redoubt takes a protected guest's pages out of the host's reach: a load or store
// there raises SIGBUS in this process. That must end the request of the guest that named the page, not the VMM.
//
// Why a signal guard and not process_vm_readv: the kernel would reach the page through its own alias, where Redoubt
// shows zeros and drops writes instead of failing, so the VMM would take made-up bytes for the guest's. It is also a
// system call for each 2-byte ring index.
#pragma once

#include <cstddef>
#include <cstdint>

namespace redoubt::vmm {

// Installs the SIGBUS and SIGSEGV handlers. Once, before any other thread runs.
void install_fault_guard();

// Copies n bytes; false if either side faulted (the destination may then be partly written). No destructor may
// have to run inside, hence plain pointers. Every byte of the source is read at most once.
[[nodiscard]] auto guarded_copy(void* to, const void* from, std::size_t n) noexcept -> bool;

// One aligned load with acquire, one aligned store with release; T is an unsigned integer of 1, 2, 4 or 8 bytes.
template <class T>
[[nodiscard]] auto guarded_load(const void* from, T& value) noexcept -> bool;
template <class T>
[[nodiscard]] auto guarded_store(void* to, T value) noexcept -> bool;

extern template auto guarded_load(const void*, std::uint16_t&) noexcept -> bool;
extern template auto guarded_store(void*, std::uint16_t) noexcept -> bool;

}  // namespace redoubt::vmm
