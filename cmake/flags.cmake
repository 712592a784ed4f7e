# SPDX-License-Identifier: Apache-2.0
# Compiler flags of the three presets, as interface libraries: rd_flags for all our code, rd_test_flags for unit tests.

add_library(rd_flags INTERFACE)
add_library(rd_test_flags INTERFACE)

target_compile_options(rd_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wthread-safety -Wconsumed -Werror
    $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast> -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_compile_definitions(rd_flags INTERFACE _GLIBCXX_ASSERTIONS)

# GoogleTest's macros compare and print with conversions of their own.
target_compile_options(rd_test_flags INTERFACE -Wno-conversion -Wno-sign-conversion)

if(RD_PRESET STREQUAL "native")
    target_compile_options(rd_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(rd_flags INTERFACE -fsanitize=address,undefined -fuse-ld=lld)
    if(RD_FUZZ)  # coverage, for ./rd fuzz
        target_compile_options(rd_flags INTERFACE -fsanitize=fuzzer-no-link)
    endif()
elseif(RD_PRESET STREQUAL "el2")
    target_compile_options(rd_flags INTERFACE
        -ffreestanding -mgeneral-regs-only -mstrict-align -mno-outline-atomics -fpie -fvisibility=hidden
        -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector -fno-jump-tables -ffunction-sections -fdata-sections
        -mbranch-protection=none -ftrivial-auto-var-init=zero -Wframe-larger-than=1024
        $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit -Wglobal-constructors>)
    target_link_options(rd_flags INTERFACE
        -fuse-ld=lld -nostdlib $<IF:$<BOOL:$<TARGET_PROPERTY:RD_FIXED_ADDRESS>>,-static,-static-pie> -Wl,--no-undefined -Wl,--gc-sections -Wl,--no-dynamic-linker
        -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--fatal-warnings)
elseif(RD_PRESET STREQUAL "arm64")
    target_compile_options(rd_flags INTERFACE -ftrivial-auto-var-init=zero -ffunction-sections -fdata-sections)
    target_link_options(rd_flags INTERFACE -fuse-ld=lld -static -Wl,--gc-sections)
else()
    message(FATAL_ERROR "configure with a preset: cmake --preset native | el2 | arm64 (or use ./rd build)")
endif()

# Libraries for hosted programs (vmm, tools), without CMake packages: Debian has fmt and spdlog as shared objects
# only, which a static arm64 link cannot use, so both are taken as headers. CLI11 and nlohmann-json are headers anyway.
add_library(rd_hosted INTERFACE)
target_compile_definitions(rd_hosted INTERFACE FMT_HEADER_ONLY SPDLOG_FMT_EXTERNAL)
target_link_libraries(rd_hosted INTERFACE pthread)
if(RD_PRESET STREQUAL "native")  # their headers cost more to optimise under sanitizers than their tests take to run
    target_compile_options(rd_hosted INTERFACE -O0)
endif()
