// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct timespec timespec_of(int64_t ns) {
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

int64_t CLinux_clock_ns(int32_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) {
        return -1;
    }
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t CLinux_monotonic_ns(void) { return CLinux_clock_ns(CLOCK_MONOTONIC); }
int64_t CLinux_realtime_ns(void) { return CLinux_clock_ns(CLOCK_REALTIME); }
int64_t CLinux_thread_cpu_ns(void) { return CLinux_clock_ns(CLOCK_THREAD_CPUTIME_ID); }
int64_t CLinux_process_cpu_ns(void) { return CLinux_clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

int CLinux_process_cpu_clock(pid_t pid, int32_t *clock) {
    clockid_t id;
    int error = clock_getcpuclockid(pid, &id);
    if (error == 0) {
        *clock = id;
    }
    return error;
}

int CLinux_futex_wait(const uint32_t *word, uint32_t expected, int64_t deadline_ns) {
    struct timespec deadline = timespec_of(deadline_ns);
    return (int)syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

int CLinux_futex_wake_all(const uint32_t *word) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

int CLinux_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

int CLinux_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int CLinux_kill_self_after(int64_t nanoseconds) {
    static timer_t timer;
    static int is_created = 0;
    if (!is_created) {
        struct sigevent event;
        memset(&event, 0, sizeof event);
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGKILL;
        if (timer_create(CLOCK_BOOTTIME, &event, &timer) != 0) {
            return -1;
        }
        is_created = 1;
    }
    struct itimerspec at = {.it_value = timespec_of(nanoseconds > 0 ? nanoseconds : 1)};
    return timer_settime(timer, 0, &at, NULL);
}

pid_t CLinux_gettid(void) { return (pid_t)syscall(SYS_gettid); }

int CLinux_set_thread_name(const char *name) {
    char cut[16];
    strncpy(cut, name, sizeof cut - 1);
    cut[sizeof cut - 1] = 0;
    return pthread_setname_np(pthread_self(), cut);
}

int CLinux_set_thread_nice(int nice) { return setpriority(PRIO_PROCESS, (id_t)CLinux_gettid(), nice); }

int CLinux_set_thread_idle(void) {
    struct sched_param parameters = {.sched_priority = 0};
    return sched_setscheduler(0, SCHED_IDLE, &parameters);
}

// 8,192 processors: the largest NR_CPUS that Linux can be configured for on x86-64.
enum { maximum_cpus = 8192 };

int CLinux_set_thread_affinity(const int32_t *cpus, size_t count) {
    unsigned char storage[maximum_cpus / 8];
    cpu_set_t *set = (cpu_set_t *)(void *)storage;
    CPU_ZERO_S(sizeof storage, set);
    for (size_t i = 0; i < count; i++) {
        if (cpus[i] < 0 || cpus[i] >= maximum_cpus) {
            errno = EINVAL;
            return -1;
        }
        CPU_SET_S((size_t)cpus[i], sizeof storage, set);
    }
    return sched_setaffinity(0, sizeof storage, set);
}

int CLinux_get_affinity(int32_t *cpus, size_t capacity) {
    unsigned char storage[maximum_cpus / 8];
    cpu_set_t *set = (cpu_set_t *)(void *)storage;
    CPU_ZERO_S(sizeof storage, set);
    if (sched_getaffinity(0, sizeof storage, set) != 0) {
        return -1;
    }
    int count = 0;
    for (size_t cpu = 0; cpu < maximum_cpus; cpu++) {
        if (CPU_ISSET_S(cpu, sizeof storage, set)) {
            if ((size_t)count < capacity) {
                cpus[count] = (int32_t)cpu;
            }
            count++;
        }
    }
    return count;
}

int CLinux_has_capability(int number) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) {
        return 0;
    }
    return (data[number / 32].effective >> (number % 32)) & 1;
}

int CLinux_memfd_create(const char *name) {
    return CLinux_may_call(SYS_memfd_create) ? (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */) : -1;
}

int CLinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int CLinux_signalfd(const int32_t *signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++) {
        sigaddset(&set, signals[i]);
    }
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int CLinux_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int CLinux_signalfd_read(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

int CLinux_poll_until(struct pollfd *polls, size_t count, int64_t deadline_ns) {
    int64_t left = deadline_ns - CLinux_monotonic_ns();
    struct timespec timeout = timespec_of(left > 0 ? left : 0);
    return ppoll(polls, count, &timeout, NULL);
}

int CLinux_poll_set(const int32_t *descriptors, size_t count) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; set >= 0 && i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (descriptors[i] >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, descriptors[i], &event) != 0) {
            close(set);
            return -1;
        }
    }
    return set;
}

int CLinux_pipe(int32_t ends[2]) { return pipe2(ends, O_CLOEXEC); }

int CLinux_pidfd_open(pid_t pid) {
    return CLinux_may_call(SYS_pidfd_open) ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

int CLinux_spawn(
    pid_t *pid, const char *path, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull envp,
    const int32_t *descriptors, size_t count) {
    enum { most = 8 };
    int moved[most];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (count > most) {
        return EINVAL;
    }
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    // The sources are moved out of the way first, so that no order of them can overwrite one with another.
    for (size_t i = 0; i < count; i++) {
        moved[i] = descriptors[i] < 0 ? -1 : fcntl(descriptors[i], F_DUPFD_CLOEXEC, most + 2);
        if (descriptors[i] >= 0 && moved[i] < 0 && error == 0) {
            error = errno;
        }
    }
    for (size_t i = 0; i < count && error == 0; i++) {
        if (moved[i] >= 0) {
            error = posix_spawn_file_actions_adddup2(&actions, moved[i], (int)i);
        }
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addclosefrom_np(&actions, (int)count);
    }
    if (error == 0) {
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0);
        error = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    if (error == 0) {
        error = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    }
    for (size_t i = 0; i < count; i++) {
        if (moved[i] >= 0) {
            close(moved[i]);
        }
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

pid_t CLinux_wait(pid_t pid, int no_hang, int *exit_code, int *signal, int64_t *cpu_ns) {
    int status = 0;
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    pid_t result = wait4(pid, &status, no_hang ? WNOHANG : 0, &usage);
    if (result > 0) {
        *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        *cpu_ns = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
                  ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
    }
    return result;
}

int CLinux_terminal_width(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : -1;
}

int CLinux_is_proc(const char *path) {
    struct statfs facts;
    return statfs(path, &facts) == 0 && facts.f_type == PROC_SUPER_MAGIC;
}

int64_t CLinux_memory_total(void) {
    struct sysinfo facts;
    return sysinfo(&facts) == 0 ? (int64_t)facts.totalram * facts.mem_unit : -1;
}

int CLinux_populate_write(void *address, size_t length) {
    return madvise(address, length, 23 /* MADV_POPULATE_WRITE, Linux 5.14 */);
}

int CLinux_mlock(void *address, size_t length) {
    return CLinux_may_call(SYS_mlock2) ? (int)syscall(SYS_mlock2, address, length, 0) : -1;
}

#endif
