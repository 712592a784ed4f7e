// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Clang capability attributes, so that an unlocked access does not compile (-Wthread-safety -Werror).
#pragma once

#if defined(__clang__)
#define RD_TSA(attribute) __attribute__((attribute))
#else
#define RD_TSA(attribute)
#endif

#define RD_CAPABILITY(name) RD_TSA(capability(name))
#define RD_SCOPED_CAPABILITY RD_TSA(scoped_lockable)
#define RD_GUARDED_BY(lock) RD_TSA(guarded_by(lock))
#define RD_REQUIRES(lock) RD_TSA(requires_capability(lock))
#define RD_ACQUIRE(...) RD_TSA(acquire_capability(__VA_ARGS__))
#define RD_RELEASE(...) RD_TSA(release_capability(__VA_ARGS__))
#define RD_EXCLUDES(lock) RD_TSA(locks_excluded(lock))
#define RD_NO_THREAD_SAFETY RD_TSA(no_thread_safety_analysis)
