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
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// MARK: Keeping

struct CLinux_keep *CLinux_keep_create(void) { return CLinux_shared_memory(sizeof(struct CLinux_keep)); }

void CLinux_keep_destroy(struct CLinux_keep *page) { munmap(page, sizeof *page); }

void CLinux_keep_child(struct CLinux_keep *page, pid_t child) {
    page->children[page->count] = child;
    __atomic_store_n(&page->count, page->count + 1, __ATOMIC_RELEASE);
}

// All that the keeper needs once it keeps. In a group without memory, in which nobody is killed either
// (memory.oom_control of cgroup v1), whoever touches a page that is not there waits for ever, and what a file is behind
// may be taken away at any time: so its code and its data are in one place each, and locked.
#define KEEPING __attribute__((section("exert_keeping"), noinline))
extern const char __start_exert_keeping[];
extern const char __stop_exert_keeping[];

static struct {
    // syscall(2), the only function of others that is called.
    long (*call)(long number, ...);
    pid_t parent;
    // /proc/PID/status of the parent.
    int status;
    char state[sizeof "\nState:\t"];
    char pending[sizeof "\nShdPnd:\t"];
    char last_words[sizeof "error: told to stop, exert did not run; it and its stressors were killed; "
                           "run exert cleanup\n"];
    char text[4097];
} kept = {
    .status = -1,
    .state = "\nState:\t",
    .pending = "\nShdPnd:\t",
    .last_words = "error: told to stop, exert did not run; it and its stressors were killed; run exert cleanup\n",
};

// What follows `name` in /proc/PID/status, see proc(5); NULL where it cannot be read.
KEEPING static const char *line_of(const char *name) {
    long count = kept.call(SYS_pread64, kept.status, kept.text, sizeof kept.text - 1, 0L);
    if (count <= 0) {
        return NULL;
    }
    kept.text[count] = 0;
    for (const char *at = kept.text; *at != 0; at++) {
        long length = 0;
        while (name[length] != 0 && at[length] == name[length]) {
            length++;
        }
        if (name[length] == 0) {
            return at + length;
        }
    }
    return NULL;
}

// Whether the process waits in the kernel for something that signals which it blocks do not end.
KEEPING static int is_hanging(void) {
    const char *state = line_of(kept.state);
    return state != NULL && *state == 'D';
}

// Whether a signal that is to end the process waits for it.
KEEPING static int is_told_to_end(void) {
    unsigned long long pending = 0;
    const char *digit = line_of(kept.pending);
    for (; digit != NULL && *digit != '\n' && *digit != 0; digit++) {
        pending = pending << 4 | (unsigned)(*digit <= '9' ? *digit - '0' : (*digit | 0x20) - 'a' + 10);
    }
    return (pending & (1ULL << (SIGTERM - 1) | 1ULL << (SIGINT - 1) | 1ULL << (SIGQUIT - 1))) != 0;
}

KEEPING static void keep(struct CLinux_keep *page) {
    enum { step_ms = 100, patience_ms = 400 };
    uint32_t last = 0;
    int silent_ms = 0;
    int killed_at_ms = -1;
    while (kept.call(SYS_getppid) == kept.parent && __atomic_load_n(&page->is_over, __ATOMIC_ACQUIRE) == 0) {
        struct timespec step = {.tv_nsec = step_ms * 1000000};
        kept.call(SYS_nanosleep, &step, NULL);
        uint32_t beat = __atomic_load_n(&page->beat, __ATOMIC_RELAXED);
        // Once nothing is held any more nobody counts beats, and only who hangs is in question.
        int is_ending = __atomic_load_n(&page->is_ending, __ATOMIC_ACQUIRE);
        int is_silent = beat == last && (!is_ending || is_hanging());
        silent_ms = is_silent ? silent_ms + step_ms : 0;
        last = beat;
        if (silent_ms < patience_ms) {
            killed_at_ms = -1;
            continue;
        }
        if (!__atomic_load_n(&page->is_told, __ATOMIC_ACQUIRE) && !is_told_to_end()) {
            continue;
        }
        if (killed_at_ms < 0) {
            killed_at_ms = silent_ms;
            int count = __atomic_load_n(&page->count, __ATOMIC_ACQUIRE);
            for (int i = 0; i < count && !is_ending; i++) {
                // The parent has not run for a while, so that it has reaped none of them: the numbers are still theirs.
                kept.call(SYS_kill, page->children[i], SIGKILL);
            }
        } else if (silent_ms >= killed_at_ms + patience_ms) {
            kept.call(SYS_kill, kept.parent, SIGKILL);
            kept.call(SYS_write, STDERR_FILENO, kept.last_words, sizeof kept.last_words - 1);
            break;
        }
    }
    kept.call(SYS_exit_group, 0);
}

// Locks the pages of `size` bytes at `start`; 0, or an errno.
static int lock_pages(const void *start, size_t size) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t from = (uintptr_t)start & ~(page - 1);
    return CLinux_mlock((void *)from, (uintptr_t)start + size - from) == 0 ? 0 : errno;
}

// Uses what is needed later, and locks it.
static void warm_up(struct CLinux_keep *page) {
    const char here = 0;
    enum { frames = 2048, leaf = 64 };
    lock_pages(__start_exert_keeping, (size_t)(__stop_exert_keeping - __start_exert_keeping));
    lock_pages((const void *)kept.call, leaf);
    lock_pages(&kept, sizeof kept);
    lock_pages(&here - frames, 2 * frames);
    lock_pages(page, sizeof *page);
    struct timespec nothing = {0};
    kept.call(SYS_nanosleep, &nothing, NULL);
    kept.call(SYS_kill, kept.parent, 0);
    kept.call(SYS_write, STDERR_FILENO, kept.last_words, 0);
    is_told_to_end();
    is_hanging();
}

// Opens the parent's /proc/PID/status, whose number has up to ten digits; snprintf(3) is not for here.
static int open_status(pid_t parent) {
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
    return open(path, O_RDONLY | O_CLOEXEC);
}

pid_t CLinux_fork_keeper(struct CLinux_keep *page) {
    pid_t parent = getpid();
    // Found out before the fork.
    CLinux_may_call(SYS_mlock2);
    kept.call = syscall;
    pid_t id = CLinux_fork_aside();
    if (id != 0) {
        return id;
    }
    const int streams[] = {STDERR_FILENO};
    CLinux_begin_aside("exert-keeper", streams, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    kept.parent = parent;
    kept.status = open_status(parent);
    warm_up(page);
    __atomic_store_n(&page->is_ready, 1, __ATOMIC_RELEASE);
    keep(page);
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
