/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Status of a hypercall: 0 or one of these negative numbers, in x0, sign-extended to 64 bits.
 *
 * Numbers are never reused. They are Redoubt's own: the module maps each to one errno in
 * kvm/errno.hpp, so that neither side depends on the other kernel's header.
 */
#ifndef REDOUBT_ABI_ERROR_H
#define REDOUBT_ABI_ERROR_H

/* X(NAME, number, "what went wrong, in words an operator understands") */
#define RD_ERROR_TABLE(X)                                                              \
	X(NOT_SUPPORTED, -1, "the hypervisor does not know this call")                 \
	X(INVALID, -2, "an argument is malformed or out of range")                     \
	X(PERM, -3, "the page or object is not in a state that allows this")           \
	X(NO_MEMORY, -4, "not enough pages in the pool this call draws from")          \
	X(BUSY, -5, "the object is in use, or a limit of concurrent use is reached")   \
	X(NOT_FOUND, -6, "no such object")                                             \
	X(EXISTS, -7, "the object or mapping exists already")                          \
	X(FROZEN, -8, "the VM has been finalised; its initial state cannot change")    \
	X(DEAD, -9, "the VM was torn down, reset or shut down and cannot run again")

#define RD_ERROR_ENUM(name, number, text) RD_E_##name = (number),
enum rd_error { RD_E_OK = 0, RD_ERROR_TABLE(RD_ERROR_ENUM) };
#undef RD_ERROR_ENUM

#endif
