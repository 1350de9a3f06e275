// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#include "CLinux.h"

static int argument_count;
static char *const *argument_vector;

// glibc hands functions of .init_array what main gets: call_init in elf/dl-init.c and csu/libc-start.c.
__attribute__((constructor)) static void keep_arguments(int count, char **vector) {
    argument_count = count;
    argument_vector = vector;
}

int CLinux_argument_count(void) { return argument_vector == NULL ? 0 : argument_count; }

const char *CLinux_argument(int index) {
    return index >= 0 && index < CLinux_argument_count() ? argument_vector[index] : NULL;
}
#endif
