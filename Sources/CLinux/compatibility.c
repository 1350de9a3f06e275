// SPDX-License-Identifier: Apache-2.0
// What archives that are linked in take from a newer glibc than the oldest that exert is promised to run on, 2.34: the
// linker takes it from here, where nobody outside the binary sees it. scripts/check-symbols names what is missing.

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

// Of the Swift runtime's Glibc module. glibc 2.35 gave it a new version, which sets no errno any more. In double, the
// squares of floats neither overflow nor vanish.
__attribute__((visibility("hidden"))) float hypotf(float x, float y) {
    if (isinf(x) || isinf(y)) return INFINITY;
    return (float)sqrt((double)x * x + (double)y * y);
}

// Of libstdc++'s std::random_device, where that was built with glibc 2.36 or later.
__attribute__((visibility("hidden"))) uint32_t arc4random(void) {
    uint32_t word;
    // Four bytes come whole once the kernel's generator is ready (getrandom(2)); without it there is no safe answer.
    while (getrandom(&word, sizeof word, 0) != sizeof word) {
        if (errno != EINTR) abort();
    }
    return word;
}
