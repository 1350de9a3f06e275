// SPDX-License-Identifier: Apache-2.0
//
// Processes that see to it that others end: the keeper of a process that may hang, and the first one of a namespace.

#if defined(__linux__)

#include "CLinux.h"
#include "aside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What the keeper reads; it is used once before it is needed.
static char text_there[4097];

// MARK: Keeping

struct CLinux_keep *CLinux_keep_create(void) { return CLinux_shared_memory(sizeof(struct CLinux_keep)); }

void CLinux_keep_destroy(struct CLinux_keep *page) { munmap(page, sizeof *page); }

void CLinux_keep_child(struct CLinux_keep *page, pid_t child) {
    page->children[page->count] = child;
    __atomic_store_n(&page->count, page->count + 1, __ATOMIC_RELEASE);
}

// What follows `name` in /proc/PID/status, see proc(5); NULL where it cannot be read.
static const char *line_of(int status, const char *name) {
    ssize_t count = pread(status, text_there, 4096, 0);
    text_there[count > 0 ? count : 0] = 0;
    return count > 0 ? strstr(text_there, name) : NULL;
}

// Whether the process waits in the kernel for something that signals which it blocks do not end.
static int is_hanging(int status) {
    const char *line = line_of(status, "\nState:\t");
    return line != NULL && line[sizeof "\nState:\t" - 1] == 'D';
}

// Whether a signal that is to end the process waits for it.
static int is_told_to_end(int status) {
    const char *line = line_of(status, "\nShdPnd:");
    unsigned long long pending = line != NULL ? strtoull(line + sizeof "\nShdPnd:" - 1, NULL, 16) : 0;
    unsigned long long ending = 1ULL << (SIGTERM - 1) | 1ULL << (SIGINT - 1) | 1ULL << (SIGQUIT - 1);
    return (pending & ending) != 0;
}

// Uses what is needed later, and keeps it: in a group without memory, in which nobody is killed either
// (memory.oom_control of cgroup v1), a first use waits for ever, as does one of what was reclaimed.
static void warm_up(pid_t parent, int status) {
    const char *used[] = {
        (const char *)CLinux_fork_keeper, (const char *)is_told_to_end, (const char *)kill,   (const char *)nanosleep,
        (const char *)getppid,            (const char *)write,          (const char *)pread,  (const char *)strstr,
        (const char *)strtoull,           (const char *)_exit,
    };
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        CLinux_mlock((void *)((uintptr_t)used[i] & ~(page - 1)), 2 * page);
    }
    CLinux_mlock(text_there, sizeof text_there);
    CLinux_mlock((void *)((uintptr_t)&status & ~(page - 1)), page);
    struct timespec nothing = {0};
    nanosleep(&nothing, NULL);
    kill(parent, 0);
    if (write(STDERR_FILENO, "", 0) < 0) {
        errno = 0;
    }
    is_told_to_end(status);
}

pid_t CLinux_fork_keeper(struct CLinux_keep *page) {
    enum { step_ms = 100, patience_ms = 400 };
    pid_t parent = getpid();
    // Found out before the fork.
    CLinux_may_call(SYS_mlock2);
    pid_t id = CLinux_fork_aside();
    if (id != 0) {
        return id;
    }
    const int kept[] = {STDERR_FILENO};
    CLinux_begin_aside("exert-keeper", kept, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    // The same text of the parent, whose number has up to ten digits; snprintf(3) is not for here.
    char path[] = "/proc/0000000000/status";
    char digits[16];
    int length = 0;
    for (pid_t left = parent; left > 0; left /= 10) {
        digits[length++] = (char)('0' + left % 10);
    }
    for (int i = 0; i < length; i++) {
        path[sizeof "/proc/" - 1 + i] = digits[length - 1 - i];
    }
    memcpy(path + sizeof "/proc/" - 1 + length, "/status", sizeof "/status");
    close(status);
    status = open(path, O_RDONLY | O_CLOEXEC);
    warm_up(parent, status);
    __atomic_store_n(&page->is_ready, 1, __ATOMIC_RELEASE);
    uint32_t last = 0;
    int silent_ms = 0;
    int killed_at_ms = -1;
    while (getppid() == parent && __atomic_load_n(&page->is_over, __ATOMIC_ACQUIRE) == 0) {
        struct timespec step = {.tv_nsec = step_ms * 1000000};
        nanosleep(&step, NULL);
        uint32_t beat = __atomic_load_n(&page->beat, __ATOMIC_RELAXED);
        // Once nothing is held any more nobody counts beats, and only who hangs is in question.
        int is_ending = __atomic_load_n(&page->is_ending, __ATOMIC_ACQUIRE);
        int is_silent = beat == last && (!is_ending || is_hanging(status));
        silent_ms = is_silent ? silent_ms + step_ms : 0;
        last = beat;
        if (silent_ms < patience_ms) {
            killed_at_ms = -1;
            continue;
        }
        if (!__atomic_load_n(&page->is_told, __ATOMIC_ACQUIRE) && !is_told_to_end(status)) {
            continue;
        }
        if (killed_at_ms < 0) {
            killed_at_ms = silent_ms;
            int count = __atomic_load_n(&page->count, __ATOMIC_ACQUIRE);
            for (int i = 0; i < count && !is_ending; i++) {
                // The parent has not run for a while, so that it has reaped none of them: the numbers are still theirs.
                kill(page->children[i], SIGKILL);
            }
        } else if (silent_ms >= killed_at_ms + patience_ms) {
            kill(parent, SIGKILL);
            static const char text[] = "error: told to stop, exert did not run; it and its stressors were killed; "
                                       "run exert cleanup\n";
            _exit(write(STDERR_FILENO, text, sizeof text - 1) < 0);
        }
    }
    _exit(0);
}

// MARK: The first process

// Whom signals are passed on to.
static volatile pid_t heir;

static void pass_on(int number) { kill(heir, number); }

void CLinux_divide_init(void) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    heir = fork();
    if (heir <= 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        return;
    }
    prctl(PR_SET_NAME, "exert-init", 0, 0, 0);
    static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT};
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
        sigaction(passed[i], &action, NULL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    while (1) {
        int status = 0;
        pid_t ended = wait(&status);
        if (ended == heir) {
            _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        }
        if (ended < 0 && errno != EINTR) {
            _exit(1);
        }
    }
}

#endif
