# SPDX-License-Identifier: Apache-2.0
# Freestanding arm64: clang with the C++ headers of Debian's cross g++ (found by the target triple). armv8-a: the
# image has to run on the oldest 64-bit cores.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_ASM_COMPILER clang-19)
foreach(lang C CXX ASM)
    set(CMAKE_${lang}_COMPILER_TARGET aarch64-linux-gnu)
    set(CMAKE_${lang}_FLAGS_INIT "-march=armv8-a")
endforeach()
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
