// SPDX-License-Identifier: Apache-2.0
// What a CPU worker does with the time that it is asked to take. Every kernel carries a dependency from each iteration
// into the checksum that it returns, and the checksum is stored in the state, so no compiler may drop the work.
#ifdef __linux__
#include "CLinux.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef double wide __attribute__((vector_size(64)));
enum { accumulators = 10 };

struct CLinux_burn {
    int method;
    int part;  // which kernel a mixed burn runs next
    uint64_t checksum;
    uint64_t x[4];
    double f[8];
    wide v[accumulators];
    uint32_t *ring;  // a permutation with one cycle: ring[i] is the next index
    size_t ring_length;
    uint32_t position;
    double iteration_ns[CLINUX_BURN_METHODS];
};

typedef uint64_t (*kernel)(CLinux_burn *, uint64_t);

static inline void pause_cpu(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint64_t run_spin(CLinux_burn *b, uint64_t iterations) {
    uint64_t x = b->x[0];
    for (uint64_t i = 0; i < iterations; i++) {
        pause_cpu();
        x += i ^ (x >> 3);
    }
    return b->x[0] = x;
}

static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static uint64_t run_int(CLinux_burn *b, uint64_t iterations) {
    uint64_t a = b->x[0], c = b->x[1], d = b->x[2], e = b->x[3];
    for (uint64_t i = 0; i < iterations; i++) {
        for (int j = 0; j < 8; j++) {
            a = rotl(a * 0x9E3779B97F4A7C15u + i, 7);
            c = rotl(c ^ (a + 0xD1B54A32D192ED03u), 13) + e;
            d = (d + 0xAEF17502108EF2D9u) * (c | 1);
            e = rotl(e ^ d, 31) - a;
        }
    }
    b->x[0] = a, b->x[1] = c, b->x[2] = d, b->x[3] = e;
    return a ^ c ^ d ^ e;
}

// x ← x·m + k converges to k/(1 − m) for |m| < 1: never a denormal, never an infinity.
static uint64_t run_float(CLinux_burn *b, uint64_t iterations) {
    double f[8];
    memcpy(f, b->f, sizeof f);
    for (uint64_t i = 0; i < iterations; i++) {
        double k = (double)(i & 15);
        for (int j = 0; j < 8; j++) {
            f[j] = f[j] * 0.999999 + k;
        }
    }
    memcpy(b->f, f, sizeof f);
    double sum = 0;
    for (int j = 0; j < 8; j++) {
        sum += f[j];
    }
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits;
}

#define SIMD_BODY                                                                                                      \
    wide v[accumulators];                                                                                              \
    memcpy(v, b->v, sizeof v);                                                                                         \
    for (uint64_t i = 0; i < iterations; i++) {                                                                        \
        double k = (double)(i & 15);                                                                                   \
        for (int j = 0; j < accumulators; j++) {                                                                       \
            v[j] = v[j] * 0.999999 + k;                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    memcpy(b->v, v, sizeof v);                                                                                         \
    double sum = 0;                                                                                                    \
    for (int j = 0; j < accumulators; j++) {                                                                           \
        sum += v[j][j % 8];                                                                                            \
    }                                                                                                                  \
    uint64_t bits;                                                                                                     \
    memcpy(&bits, &sum, sizeof bits);                                                                                  \
    return bits;

// The widest fused multiply-add that the processor has; elsewhere the compiler's own vectors (NEON, SSE2).
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static uint64_t run_simd_avx512(CLinux_burn *b, uint64_t iterations) { SIMD_BODY }
__attribute__((target("avx2,fma"))) static uint64_t run_simd_avx2(CLinux_burn *b, uint64_t iterations) { SIMD_BODY }
#endif
static uint64_t run_simd_plain(CLinux_burn *b, uint64_t iterations) { SIMD_BODY }

static uint64_t run_simd(CLinux_burn *b, uint64_t iterations) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        return run_simd_avx512(b, iterations);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return run_simd_avx2(b, iterations);
    }
#endif
    return run_simd_plain(b, iterations);
}

// Branches on random bits: half of them are mispredicted. The empty asm keeps the compiler from a conditional move.
static uint64_t run_branch(CLinux_burn *b, uint64_t iterations) {
    uint64_t x = b->x[0], sum = b->x[1];
    for (uint64_t i = 0; i < iterations; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        for (int bit = 0; bit < 8; bit++) {
            if ((x >> bit) & 1) {
                sum += x;
                __asm__ volatile("" : "+r"(sum));
            } else {
                sum ^= x >> 1;
                __asm__ volatile("" : "+r"(sum));
            }
        }
    }
    b->x[0] = x, b->x[1] = sum;
    return x ^ sum;
}

// One dependent load per step around a ring larger than the cache that is to be missed.
static uint64_t run_chase(CLinux_burn *b, uint64_t iterations) {
    uint32_t position = b->position;
    uint64_t sum = b->x[2];
    for (uint64_t i = 0; i < iterations; i++) {
        for (int j = 0; j < 4; j++) {
            position = b->ring[position];
            sum += position;
        }
    }
    b->position = position, b->x[2] = sum;
    return sum;
}

static uint64_t run_syscall(CLinux_burn *b, uint64_t iterations) {
    uint64_t sum = b->x[3];
    for (uint64_t i = 0; i < iterations; i++) {
        sum = rotl(sum, 1) + (uint64_t)syscall(SYS_getppid) + i;
    }
    return b->x[3] = sum;
}

static kernel kernel_of(int method) {
    switch (method) {
    case CLINUX_BURN_SPIN: return run_spin;
    case CLINUX_BURN_INT: return run_int;
    case CLINUX_BURN_FLOAT: return run_float;
    case CLINUX_BURN_SIMD: return run_simd;
    case CLINUX_BURN_BRANCH: return run_branch;
    case CLINUX_BURN_CACHE:
    case CLINUX_BURN_MEMORY: return run_chase;
    default: return run_syscall;
    }
}

// A mixed burn takes the kernels in turn; `memory` is left out, so that a mixed worker has a cache-sized ring only.
static const int mixed_parts[] = {
    CLINUX_BURN_INT, CLINUX_BURN_FLOAT, CLINUX_BURN_SIMD, CLINUX_BURN_BRANCH, CLINUX_BURN_CACHE, CLINUX_BURN_SYSCALL,
};
enum { mixed_count = sizeof mixed_parts / sizeof mixed_parts[0] };

static int current_method(const CLinux_burn *b) {
    return b->method == CLINUX_BURN_MIXED ? mixed_parts[b->part] : b->method;
}

uint64_t CLinux_burn_run(CLinux_burn *b, uint64_t iterations) {
    uint64_t checksum = kernel_of(current_method(b))(b, iterations);
    if (b->method == CLINUX_BURN_MIXED) {
        b->part = (b->part + 1) % mixed_count;
    }
    b->checksum = rotl(b->checksum, 1) ^ checksum;
    return b->checksum;
}

static void calibrate(CLinux_burn *b, int method) {
    kernel run = kernel_of(method);
    uint64_t iterations = 16;
    int64_t took = 0;
    while (1) {
        int64_t start = CLinux_thread_cpu_ns();
        b->checksum ^= run(b, iterations);
        took = CLinux_thread_cpu_ns() - start;
        if (took > 100000 || iterations > (1u << 30)) {
            break;
        }
        iterations *= 2;
    }
    double best = (double)took / (double)iterations;
    for (int round = 0; round < 3; round++) {
        int64_t start = CLinux_thread_cpu_ns();
        b->checksum ^= run(b, iterations);
        double ns = (double)(CLinux_thread_cpu_ns() - start) / (double)iterations;
        best = ns < best ? ns : best;
    }
    b->iteration_ns[method] = best > 0.01 ? best : 0.01;
}

// Sattolo's shuffle: one cycle through every slot, 64 bytes apart so that each step is a cache line of its own.
static int make_ring(CLinux_burn *b, size_t bytes, uint64_t seed) {
    const size_t stride = 64 / sizeof(uint32_t);
    size_t lines = bytes / 64;
    uint32_t *order = malloc(lines * sizeof(uint32_t));
    b->ring = aligned_alloc(64, bytes);
    if (order == NULL || b->ring == NULL) {
        free(order);
        return -1;
    }
    memset(b->ring, 0, bytes);
    for (size_t i = 0; i < lines; i++) {
        order[i] = (uint32_t)i;
    }
    uint64_t x = seed | 1;
    for (size_t i = lines - 1; i > 0; i--) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        size_t j = x % i;
        uint32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < lines; i++) {
        b->ring[order[i] * stride] = (uint32_t)(order[(i + 1) % lines] * stride);
    }
    free(order);
    b->ring_length = bytes / sizeof(uint32_t);
    return 0;
}

CLinux_burn *CLinux_burn_create(int method, uint64_t seed) {
    CLinux_burn *b = aligned_alloc(64, (sizeof(CLinux_burn) + 63) / 64 * 64);
    if (b == NULL) {
        return NULL;
    }
    memset(b, 0, sizeof *b);
    b->method = method;
    for (int i = 0; i < 4; i++) {
        b->x[i] = (seed + 1) * 0x9E3779B97F4A7C15u + (uint64_t)i * 0xD1B54A32D192ED03u;
    }
    if (method == CLINUX_BURN_CACHE || method == CLINUX_BURN_MIXED || method == CLINUX_BURN_MEMORY) {
        // Half of a usual L2; and a ring that no L2 holds.
        size_t bytes = method == CLINUX_BURN_MEMORY ? (size_t)32 << 20 : (size_t)512 << 10;
        if (make_ring(b, bytes, seed) != 0) {
            CLinux_burn_destroy(b);
            return NULL;
        }
    }
    // Calibration advances the state by as many steps as the clock allows; the burn begins where the seed says.
    const CLinux_burn seeded = *b;
    if (method == CLINUX_BURN_MIXED) {
        for (int part = 0; part < mixed_count; part++) {
            calibrate(b, mixed_parts[part]);
        }
    } else {
        calibrate(b, method);
    }
    memcpy(b->x, seeded.x, sizeof b->x);
    memcpy(b->f, seeded.f, sizeof b->f);
    memcpy(b->v, seeded.v, sizeof b->v);
    b->position = seeded.position;
    b->checksum = seeded.checksum;
    return b;
}

void CLinux_burn_destroy(CLinux_burn *b) {
    free(b->ring);
    free(b);
}

double CLinux_burn_iteration_ns(const CLinux_burn *b) {
    double sum = 0;
    int count = 0;
    for (int method = 0; method < CLINUX_BURN_METHODS; method++) {
        if (b->iteration_ns[method] > 0) {
            sum += b->iteration_ns[method];
            count++;
        }
    }
    return count > 0 ? sum / count : 0;
}

// The longest stretch between two looks at the clock. Overshoot is at most this, and the next period takes it back.
enum { quantum_ns = 15000 };

// The kernel books a running thread's time at context switches, at ticks, and when the thread reads its own CPU clock.
// Without the last, every view from outside (the process CPU clock, cpuacct, schedstat) lags by up to a tick, 4 ms at
// 250 Hz, which is 0.4 points in a window of one second. Half a microsecond in 200 keeps them fresh.
enum { booking_ns = 200000 };

int64_t CLinux_burn_until(
    CLinux_burn *b, int64_t deadline_ns, int64_t end_ns, const uint32_t *word, uint32_t stop) {
    int64_t cpu = CLinux_thread_cpu_ns();
    while (cpu < deadline_ns) {
        // CLOCK_MONOTONIC costs 30 ns where the thread clock costs 500: it is the poll, the thread clock the judge. A
        // preemption moves the first and not the second, and then this loop simply goes round again.
        int64_t now = CLinux_monotonic_ns();
        const int64_t stretch = deadline_ns - cpu < booking_ns ? deadline_ns - cpu : booking_ns;
        if (now >= end_ns) break;
        const int64_t until = stretch < end_ns - now ? now + stretch : end_ns;
        while (now < until) {
            int64_t left = until - now;
            double iterations = (double)(left < quantum_ns ? left : quantum_ns) / b->iteration_ns[current_method(b)];
            CLinux_burn_run(b, iterations < 1 ? 1 : (uint64_t)iterations);
            if (__atomic_load_n(word, __ATOMIC_RELAXED) == stop) {
                return CLinux_thread_cpu_ns();
            }
            now = CLinux_monotonic_ns();
        }
        cpu = CLinux_thread_cpu_ns();
    }
    return cpu;
}

#endif
