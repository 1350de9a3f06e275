// SPDX-License-Identifier: Apache-2.0
// What is tried to learn what a host or container offers.
// Each function returns what the call beneath it returns, and leaves errno alone.
#ifndef CLINUX_PROBE_H
#define CLINUX_PROBE_H
#ifdef __linux__

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The name of an errno, such as `EACCES`; NULL where it has none.
const char *_Nullable CLinux_errno_name(int error);
/// sched_setscheduler(2) SCHED_FIFO for the calling thread. 0 or -1.
int CLinux_set_thread_fifo(int priority);
/// sched_getscheduler(2) of the calling thread; SCHED_FIFO is 1, SCHED_IDLE 5. -1 where it is refused.
int CLinux_thread_policy(void);
/// getpriority(2) of the calling thread; -1 is a nice value where errno is 0.
int CLinux_thread_nice(void);
/// sched_getcpu(3), or -1.
int CLinux_current_cpu(void);
/// clock_nanosleep(2) until an absolute CLOCK_MONOTONIC time; how late it returned, in nanoseconds.
int64_t CLinux_sleep_until(int64_t deadline_ns);
/// mincore(2): how many whole pages of a mapping are resident, or -1.
int64_t CLinux_resident_pages(void *address, size_t length);
/// mbind(2) MPOL_BIND of a mapping to one node. 0 or -1.
int CLinux_bind_memory(void *address, size_t length, int node);
/// get_mempolicy(2): the node that holds the page at `address`, or -1.
int CLinux_node_of(void *address);
/// perf_event_open(2): a counter of the calling thread's cycles in user mode, read as a 64-bit number, or -1.
int CLinux_open_cycle_counter(void);

/// Whether the system call `number` may be made at all: a seccomp(2) filter may kill who makes it, by SIGSYS. Tried
/// once by a child, with arguments that no call takes. Where it may not, errno is EPERM.
int CLinux_may_call(long number);
/// Whether that was the answer in this thread since this was last asked.
int CLinux_was_filtered(void);
/// The first system call that exert cannot do without, and for which a seccomp(2) filter kills who makes it; NULL where
/// there is none. Tried by a child.
const char *_Nullable CLinux_needed_call_that_kills(void);

#pragma clang assume_nonnull end

#endif
#endif
