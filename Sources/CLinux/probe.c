// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinuxProbe.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *CLinux_errno_name(int error) { return strerrorname_np(error); }

int CLinux_set_thread_fifo(int priority) {
    struct sched_param parameters = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_FIFO, &parameters);
}

int CLinux_thread_policy(void) { return sched_getscheduler(0); }

int CLinux_thread_nice(void) {
    errno = 0;
    return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
}

int CLinux_current_cpu(void) { return sched_getcpu(); }

int64_t CLinux_sleep_until(int64_t deadline_ns) {
    struct timespec deadline = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR) {
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - deadline_ns;
}

int64_t CLinux_resident_pages(void *address, size_t length) {
    size_t pages = length / (size_t)sysconf(_SC_PAGESIZE);
    int64_t resident = 0;
    unsigned char flags[256];
    for (size_t done = 0; done < pages; done += sizeof flags) {
        size_t count = pages - done < sizeof flags ? pages - done : sizeof flags;
        char *from = (char *)address + done * (size_t)sysconf(_SC_PAGESIZE);
        if (mincore(from, count * (size_t)sysconf(_SC_PAGESIZE), flags) != 0) {
            return -1;
        }
        for (size_t i = 0; i < count; i++) {
            resident += flags[i] & 1;
        }
    }
    return resident;
}

int CLinux_bind_memory(void *address, size_t length, int node) {
    unsigned long mask[16];
    const size_t bits = 8 * sizeof mask[0];
    if (node < 0 || (size_t)node >= bits * (sizeof mask / sizeof mask[0])) {
        errno = EINVAL;
        return -1;
    }
    memset(mask, 0, sizeof mask);
    mask[(size_t)node / bits] |= 1ul << ((size_t)node % bits);
    if (!CLinux_may_call(SYS_mbind)) {
        return -1;
    }
    return (int)syscall(SYS_mbind, address, length, MPOL_BIND, mask, bits * (sizeof mask / sizeof mask[0]), 0);
}

int CLinux_node_of(void *address) {
    int node = -1;
    if (!CLinux_may_call(SYS_get_mempolicy)
        || syscall(SYS_get_mempolicy, &node, NULL, 0, address, MPOL_F_NODE | MPOL_F_ADDR) != 0) {
        return -1;
    }
    return node;
}

int CLinux_open_cycle_counter(void) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = PERF_COUNT_HW_CPU_CYCLES;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    if (!CLinux_may_call(SYS_perf_event_open)) {
        return -1;
    }
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static _Thread_local int was_filtered;

int CLinux_was_filtered(void) {
    int was = was_filtered;
    was_filtered = 0;
    return was;
}

// Whether who makes the call is killed by SIGSYS: tried by a child.
static int kills(long number) {
    pid_t id = fork();
    if (id == 0) {
        // No call takes these: where it is allowed, it fails.
        syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
        _exit(0);
    }
    int status = 0;
    while (id > 0 && waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    return id > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

int CLinux_may_call(long number) {
    enum { most = 1024 };
    // 0 where it is not known yet; two threads may find out the same.
    static signed char known[most];
    if (number < 0 || number >= most || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2) {
        return 1;
    }
    if (known[number] == 0) {
        known[number] = kills(number) ? -1 : 1;
    }
    if (known[number] < 0) {
        was_filtered = 1;
        errno = EPERM;
    }
    return known[number] > 0;
}

#endif
