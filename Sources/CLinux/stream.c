// SPDX-License-Identifier: Apache-2.0
// Loops that move memory. Each is compiled for the widest vectors of the processor and for the baseline: with a whole
// line in one non-temporal store, no half-filled write-combining buffer is ever flushed.
#ifdef __linux__
#include "CLinuxStream.h"

typedef uint64_t line __attribute__((vector_size(CLINUX_STREAM_LINE)));
enum { words = CLINUX_STREAM_LINE / sizeof(uint64_t), unrolled = 4 };

#define INLINE static inline __attribute__((always_inline))

// Several sums: one alone would wait for itself, and fewer loads would be under way.
INLINE uint64_t read_lines(const line *from, size_t count) {
    line sum[unrolled] = {{0}};
    size_t i = 0;
    for (; i + unrolled <= count; i += unrolled) {
        for (int j = 0; j < unrolled; j++) {
            sum[j] ^= from[i + (size_t)j];
        }
    }
    for (; i < count; i++) {
        sum[0] ^= from[i];
    }
    line whole = sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
    uint64_t checksum = 0;
    for (int w = 0; w < words; w++) {
        checksum ^= whole[w];
    }
    return checksum;
}

// No two lines are alike, so that neither the compiler nor the kernel can make one of many.
INLINE void write_lines(line *to, size_t count, uint64_t first, int is_nt) {
    line value, step;
    for (int w = 0; w < words; w++) {
        value[w] = first + (uint64_t)w * CLINUX_STREAM_WORD_STEP;
        step[w] = CLINUX_STREAM_LINE_STEP;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_nt) {
            __builtin_nontemporal_store(value, &to[i]);
        } else {
            to[i] = value;
        }
        value += step;
    }
}

INLINE void copy_lines(line *to, const line *from, size_t count) {
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

// The library's memcpy goes past the caches for large blocks, and a copy here is made of plain stores: the compiler
// must not make a call of the loop.
#define OWN_LOOP __attribute__((no_builtin("memcpy", "memmove", "memset")))

#define VARIANT(suffix, target)                                                                                        \
    target static uint64_t read_##suffix(const void *from, size_t count) { return read_lines(from, count); }           \
    target static void write_##suffix(void *to, size_t count, uint64_t first) { write_lines(to, count, first, 0); }    \
    target static void write_nt_##suffix(void *to, size_t count, uint64_t first) { write_lines(to, count, first, 1); } \
    target OWN_LOOP static void copy_##suffix(void *to, const void *from, size_t n) { copy_lines(to, from, n); }

VARIANT(plain, )
#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2"))))
VARIANT(avx512, __attribute__((target("avx512f"))))
#define CHOOSE(function, ...)                                                                                          \
    (__builtin_cpu_supports("avx512f") ? function##_avx512(__VA_ARGS__)                                                \
     : __builtin_cpu_supports("avx2")  ? function##_avx2(__VA_ARGS__)                                                  \
                                       : function##_plain(__VA_ARGS__))
#else
#define CHOOSE(function, ...) function##_plain(__VA_ARGS__)
#endif

uint64_t CLinux_stream_read(const void *source, size_t length) {
    return CHOOSE(read, source, length / CLINUX_STREAM_LINE);
}

void CLinux_stream_write(void *destination, size_t length, uint64_t first) {
    CHOOSE(write, destination, length / CLINUX_STREAM_LINE, first);
}

void CLinux_stream_write_nt(void *destination, size_t length, uint64_t first) {
    CHOOSE(write_nt, destination, length / CLINUX_STREAM_LINE, first);
    // Non-temporal stores are weakly ordered: without the fence, the count of bytes would be ahead of them.
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

void CLinux_stream_copy(void *destination, const void *source, size_t length) {
    CHOOSE(copy, destination, source, length / CLINUX_STREAM_LINE);
}

#endif
