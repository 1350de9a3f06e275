// SPDX-License-Identifier: Apache-2.0
//
// What exert cannot do without, tried by a child: a seccomp(2) filter that kills who makes a call leaves nobody to say
// so.

#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinux.h"
#include "CLinuxProbe.h"
#include "aside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
    long number;
    const char *name;
};

#define CALL(name) {SYS_##name, #name}

// With arguments that no call takes, each of them fails, and does nothing. What the C library calls before main() is
// not among them: then there is no exert.
static const struct call needed[] = {
    CALL(prlimit64), CALL(prctl), CALL(wait4), CALL(waitid), CALL(clone3), CALL(pipe2), CALL(ppoll), CALL(futex),
    CALL(kill), CALL(setpgid), CALL(signalfd4), CALL(eventfd2), CALL(rt_sigaction), CALL(rt_sigprocmask),
    CALL(rt_sigpending), CALL(clock_nanosleep), CALL(fcntl), CALL(ioctl), CALL(ftruncate), CALL(getdents64),
    CALL(pread64), CALL(openat), CALL(madvise), CALL(mprotect), CALL(mmap), CALL(munmap), CALL(sched_getaffinity),
    CALL(getppid), CALL(gettid), CALL(uname), CALL(timer_create), CALL(timer_settime), CALL(memfd_create),
    CALL(close_range), CALL(execve), CALL(set_robust_list), CALL(rseq), CALL(sigaltstack), CALL(getrandom),
#ifdef SYS_dup2
    CALL(dup2),
#endif
#ifdef SYS_poll
    CALL(poll),
#endif
#ifdef SYS_readlink
    CALL(readlink),
#endif
#ifdef SYS_access
    CALL(access),
#endif
};

enum { needed_count = sizeof needed / sizeof *needed };

// The state of a process in /proc/PID/stat, see proc(5); 0 where it is gone.
static char state_of(pid_t id) {
    char path[] = "/proc/0000000000/stat";
    char text[512];
    for (int at = sizeof "/proc/000000000" - 1; at >= (int)sizeof "/proc/" - 1; at--, id /= 10) {
        path[at] = (char)('0' + id % 10);
    }
    // The kernel knows a process by its number without zeros before it.
    char *digits = path + sizeof "/proc/" - 1;
    size_t zeros = strspn(digits, "0");
    memmove(digits, digits + zeros, strlen(digits + zeros) + 1);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) {
        close(file);
    }
    if (count <= 0) {
        return 0;
    }
    text[count] = 0;
    const char *end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' ? end[2] : 0;
}

// Whether a filter is set: the line Seccomp of /proc/self/status. It is not asked by prctl(2), which may be what kills.
static int is_filtered(void) {
    char text[4097];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) {
        close(file);
    }
    if (count <= 0) {
        return 0;
    }
    text[count] = 0;
    return strstr(text, "\nSeccomp:\t2") != NULL;
}

const char *CLinux_needed_call_that_kills(void) {
    if (!is_filtered()) {
        return NULL;
    }
    int *tried = CLinux_shared_memory(sizeof *tried);
    if (tried == NULL) {
        return NULL;
    }
    pid_t id = fork();
    if (id == 0) {
        for (int i = 0; i < needed_count; i++) {
            __atomic_store_n(tried, i, __ATOMIC_RELEASE);
            syscall(needed[i].number, -1L, -1L, -1L, -1L, -1L, -1L);
            if (i == 0) {
                // A file of its memory is of no use to anybody.
                struct rlimit none = {0, 0};
                setrlimit(RLIMIT_CORE, &none);
            }
        }
        __atomic_store_n(tried, needed_count, __ATOMIC_RELEASE);
        _exit(0);
    }
    // Neither a wait for it nor a sleep: those may be what kills.
    while (id > 0 && __atomic_load_n(tried, __ATOMIC_ACQUIRE) < needed_count) {
        char state = state_of(id);
        if (state == 'Z' || state == 0) {
            break;
        }
    }
    int last = id > 0 ? __atomic_load_n(tried, __ATOMIC_ACQUIRE) : needed_count;
    munmap(tried, sizeof *tried);
    if (last < needed_count) {
        return needed[last].name;
    }
    while (id > 0 && waitpid(id, NULL, 0) < 0 && errno == EINTR) {
    }
    return NULL;
}

#endif
