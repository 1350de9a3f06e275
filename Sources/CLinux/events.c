// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

_Static_assert(CLINUX_READABLE == EPOLLIN && CLINUX_WRITABLE == EPOLLOUT, "");
_Static_assert(CLINUX_PEER_CLOSED == EPOLLRDHUP && CLINUX_ONCE == EPOLLONESHOT, "");

int CLinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int CLinux_epoll_watch(int epoll, int descriptor, uint32_t events, uint64_t tag) {
    struct epoll_event event = {.events = events, .data.u64 = tag};
    int result = epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
    if (result < 0 && errno == ENOENT) {
        result = epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
    }
    return result;
}

int CLinux_epoll_wait(int epoll, struct CLinux_event *events, int capacity, int64_t deadline_ns) {
    enum { most = 64 };
    struct epoll_event found[most];
    // epoll_wait(2) rounds to milliseconds, and epoll_pwait2(2) is of Linux 5.11.
    struct pollfd poll = {.fd = epoll, .events = POLLIN};
    int result = CLinux_poll_until(&poll, 1, deadline_ns);
    if (result <= 0) {
        return result;
    }
    result = epoll_wait(epoll, found, capacity < most ? capacity : most, 0);
    for (int i = 0; i < result; i++) {
        events[i].tag = found[i].data.u64;
        events[i].events = found[i].events;
    }
    return result;
}

#endif
