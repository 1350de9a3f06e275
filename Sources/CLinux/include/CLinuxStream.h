// SPDX-License-Identifier: Apache-2.0
// Loops that move memory: each touches every byte of whole cache lines once, in ascending order.
// Addresses are multiples of 64 bytes; of a length, what is beyond the last whole line is left alone.
#ifndef CLINUX_STREAM_H
#define CLINUX_STREAM_H
#ifdef __linux__

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
    /// What the loops count in, in bytes: the cache line of x86-64 and of nearly all of 64-bit ARM.
    CLINUX_STREAM_LINE = 64
};
/// By how much a word grows from line to line, and from word to word within a line; odd, so that none comes twice.
#define CLINUX_STREAM_LINE_STEP 0x9E3779B97F4A7C15ull
#define CLINUX_STREAM_WORD_STEP 0xD1B54A32D192ED03ull

/// Reads `length` bytes; the exclusive or of all their 64-bit words, so that no compiler may drop a load.
uint64_t CLinux_stream_read(const void *source, size_t length);
/// Writes `length` bytes by plain stores: word `w` of line `l` is `first + l·LINE_STEP + w·WORD_STEP`.
void CLinux_stream_write(void *destination, size_t length, uint64_t first);
/// The same by non-temporal stores, which go past the caches; they are in memory order when it returns.
void CLinux_stream_write_nt(void *destination, size_t length, uint64_t first);
/// Copies `length` bytes by plain loads and stores; the two must not overlap.
void CLinux_stream_copy(void *destination, const void *source, size_t length);

#pragma clang assume_nonnull end

#endif
#endif
