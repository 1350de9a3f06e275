// SPDX-License-Identifier: Apache-2.0
// Waiting for many descriptors at a time: epoll(7), whose header Swift does not see.
// Each function returns what the call beneath it returns, and leaves errno alone.
#ifndef CLINUX_EVENTS_H
#define CLINUX_EVENTS_H
#ifdef __linux__

#include <stdint.h>

#pragma clang assume_nonnull begin

/// What may be waited for, and what came: EPOLLIN, EPOLLOUT, EPOLLRDHUP, and EPOLLONESHOT.
enum { CLINUX_READABLE = 0x001, CLINUX_WRITABLE = 0x004, CLINUX_PEER_CLOSED = 0x2000, CLINUX_ONCE = 0x40000000 };

/// What came, and whose it is.
struct CLinux_event {
    uint64_t tag;
    uint32_t events;
};

/// epoll_create1(2) with close-on-exec. A descriptor or -1.
int CLinux_epoll_create(void);
/// epoll_ctl(2): waits for `events` of a descriptor from now on, whether it was waited for before or not. 0 or -1.
int CLinux_epoll_watch(int epoll, int descriptor, uint32_t events, uint64_t tag);
/// epoll_wait(2) until an absolute CLOCK_MONOTONIC time; writes up to `capacity` events; how many, 0, or -1.
int CLinux_epoll_wait(int epoll, struct CLinux_event *events, int capacity, int64_t deadline_ns);

#pragma clang assume_nonnull end
#endif
#endif
