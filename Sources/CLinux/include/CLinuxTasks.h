// SPDX-License-Identifier: Apache-2.0
// Threads that sleep, to hold places in the kernel's table of tasks.
#ifndef CLINUX_TASKS_H
#define CLINUX_TASKS_H
#ifdef __linux__

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Sleeping threads; for one thread of ours at a time.
struct CLinux_tasks;

/// Room for `most` threads, which takes memory as they are made; `NULL` where there is none.
struct CLinux_tasks *_Nullable CLinux_tasks_create(size_t most);
/// Ends all threads and gives the room back.
void CLinux_tasks_destroy(struct CLinux_tasks *tasks);
/// How many are held.
size_t CLinux_tasks_count(const struct CLinux_tasks *tasks);
/// Makes `count` threads; returns how many were made, and in `error` why there are no more (errno), or 0.
size_t CLinux_tasks_grow(struct CLinux_tasks *tasks, size_t count, int32_t *error);
/// Ends `count` of the threads, and returns when they need their stacks no more.
void CLinux_tasks_shrink(struct CLinux_tasks *tasks, size_t count);

#pragma clang assume_nonnull end

#endif
#endif
