// SPDX-License-Identifier: Apache-2.0
#include "CLinuxTasks.h"

#ifdef __linux__

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// A sleeping thread is a bare clone(2) with a stack of its own and nothing else: it runs no code but the wait below,
// takes no signal, and shares the thread-local storage of whoever made it, which it never writes to.

enum { stack_bytes = 1024 };

struct slot {
    // Set to 1 to end the thread.
    _Atomic int32_t ends;
    // The thread's number; the kernel sets it to 0 when the thread needs its stack no more (CLONE_CHILD_CLEARTID).
    _Atomic int32_t number;
};

struct CLinux_tasks {
    size_t most;
    // Slots 0 ..< count are held.
    size_t count;
    struct slot *slots;
    char *stacks;
};

// Not syscall(2) of the C library, which writes errno where it fails.
static long raw_futex_wait(_Atomic int32_t *word, int32_t value) {
#if defined(__x86_64__)
    long result;
    register long timeout __asm__("r10") = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_futex), "D"(word), "S"(FUTEX_WAIT_PRIVATE), "d"(value), "r"(timeout)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long call __asm__("x8") = SYS_futex;
    register long result __asm__("x0") = (long)word;
    register long operation __asm__("x1") = FUTEX_WAIT_PRIVATE;
    register long expected __asm__("x2") = value;
    register long timeout __asm__("x3") = 0;
    __asm__ volatile("svc 0"
                     : "+r"(result)
                     : "r"(call), "r"(operation), "r"(expected), "r"(timeout)
                     : "memory");
    return result;
#else
#error "exert holds tasks on x86_64 and aarch64"
#endif
}

__attribute__((no_stack_protector)) static int sleep_until_ended(void *argument) {
    struct slot *slot = argument;
    while (atomic_load_explicit(&slot->ends, memory_order_acquire) == 0) raw_futex_wait(&slot->ends, 0);
    return 0;
}

struct CLinux_tasks *CLinux_tasks_create(size_t most) {
    struct CLinux_tasks *tasks = calloc(1, sizeof *tasks);
    if (tasks == NULL) return NULL;
    tasks->most = most;
    // Neither takes memory before it is used.
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    tasks->slots = mmap(NULL, most * sizeof *tasks->slots, PROT_READ | PROT_WRITE, flags, -1, 0);
    tasks->stacks = mmap(NULL, most * stack_bytes, PROT_READ | PROT_WRITE, flags | MAP_STACK, -1, 0);
    if (tasks->slots != MAP_FAILED && tasks->stacks != MAP_FAILED) return tasks;
    if (tasks->slots != MAP_FAILED) munmap(tasks->slots, most * sizeof *tasks->slots);
    if (tasks->stacks != MAP_FAILED) munmap(tasks->stacks, most * stack_bytes);
    free(tasks);
    return NULL;
}

void CLinux_tasks_destroy(struct CLinux_tasks *tasks) {
    CLinux_tasks_shrink(tasks, tasks->count);
    munmap(tasks->slots, tasks->most * sizeof *tasks->slots);
    munmap(tasks->stacks, tasks->most * stack_bytes);
    free(tasks);
}

size_t CLinux_tasks_count(const struct CLinux_tasks *tasks) { return tasks->count; }

size_t CLinux_tasks_grow(struct CLinux_tasks *tasks, size_t count, int32_t *error) {
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
        | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    // They inherit it: a handler on a stack of this size would be the end of the process.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    *error = 0;
    size_t made = 0;
    for (; made < count; made++) {
        if (tasks->count == tasks->most) {
            *error = EOVERFLOW;
            break;
        }
        struct slot *slot = &tasks->slots[tasks->count];
        char *top = tasks->stacks + (tasks->count + 1) * stack_bytes;
        atomic_store(&slot->ends, 0);
        if (clone(sleep_until_ended, top, flags, slot, &slot->number, NULL, &slot->number) < 0) {
            *error = errno;
            break;
        }
        tasks->count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

void CLinux_tasks_shrink(struct CLinux_tasks *tasks, size_t count) {
    if (count > tasks->count) count = tasks->count;
    const size_t first = tasks->count - count;
    for (size_t i = first; i < tasks->count; i++) {
        atomic_store_explicit(&tasks->slots[i].ends, 1, memory_order_release);
        syscall(SYS_futex, &tasks->slots[i].ends, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    for (size_t i = first; i < tasks->count; i++) {
        int32_t number;
        // The kernel wakes whoever waits, and not as private.
        while ((number = atomic_load_explicit(&tasks->slots[i].number, memory_order_acquire)) != 0) {
            syscall(SYS_futex, &tasks->slots[i].number, FUTEX_WAIT, number, NULL, NULL, 0);
        }
    }
    tasks->count = first;
}

#endif
