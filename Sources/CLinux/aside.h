// SPDX-License-Identifier: Apache-2.0
// What all processes have in common that do something aside.
#ifndef EXERT_ASIDE_H
#define EXERT_ASIDE_H

#include <stddef.h>
#include <sys/types.h>

// Zeroed memory that stays shared across fork(2); NULL on failure.
void *CLinux_shared_memory(size_t size);
// fork(2) of a process that is to call CLinux_begin_aside first.
pid_t CLinux_fork_aside(void);
// Takes a name, ignores what a terminal sends to all, and closes all descriptors but `count` that are kept.
void CLinux_begin_aside(const char *name, const int *kept, size_t count);

#endif
