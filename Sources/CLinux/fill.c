// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#include "CLinux.h"

#include <string.h>

// xoshiro256++ by Blackman and Vigna, seeded by SplitMix64: fast, and no compressor finds a pattern in it.
static uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

void CLinux_make_tile(void *tile, uint64_t seed) {
    uint64_t s[4];
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        s[i] = z ^ (z >> 31);
    }
    uint64_t *words = tile;
    for (size_t i = 0; i < CLINUX_TILE_BYTES / sizeof(uint64_t); i++) {
        words[i] = rotl(s[0] + s[3], 23) + s[0];
        uint64_t t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotl(s[3], 45);
    }
}

typedef uint64_t vector __attribute__((vector_size(32)));

void CLinux_fill_random(void *address, size_t length, const void *tile, uint64_t first_stamp) {
    const size_t page = 4096;
    char *destination = address;
    const char *source = tile;
    for (size_t offset = 0; offset + page <= length; offset += page) {
        const vector *from = (const vector *)(const void *)(source + (offset % CLINUX_TILE_BYTES));
        vector *to = (vector *)(void *)(destination + offset);
        vector first = from[0];
        first[0] ^= first_stamp + offset / page;
        __builtin_nontemporal_store(first, &to[0]);
        for (size_t i = 1; i < page / sizeof(vector); i++) {
            __builtin_nontemporal_store(from[i], &to[i]);
        }
    }
    // Non-temporal stores are weakly ordered; the caller publishes "content written" after this.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void CLinux_touch_fresh(void *address, size_t length, size_t stride) {
    volatile char *bytes = address;
    for (size_t offset = 0; offset < length; offset += stride) {
        bytes[offset] = 0;
    }
}

void CLinux_touch(void *address, size_t length, size_t stride) {
    volatile char *bytes = address;
    for (size_t offset = 0; offset < length; offset += stride) {
        bytes[offset] = bytes[offset];
    }
}

#endif
