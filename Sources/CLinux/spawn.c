// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What the child does: it shares the parent's memory and stack until execve(2), so it makes system calls and returns
// only when these have failed.
static int become(
    pid_t parent, const char *path, char *const *argv, char *const *envp, const int sources[3], int may_close_ranges) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        return ECANCELED;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(sources[i], i) < 0) {
            return errno;
        }
    }
    if (may_close_ranges) {
        syscall(SYS_close_range, 3u, ~0u, 0u);
    }
    // execve(2) itself gives back what has a handler; what is ignored would stay so.
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, argv, envp);
    return errno;
}

int CLinux_spawn_bound(
    pid_t *pid, const char *path, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull envp,
    const int32_t *descriptors) {
    int sources[3] = {-1, -1, -1};
    volatile int error = 0;
    // Out of the way first, so that no order of them can overwrite one with another.
    for (int i = 0; i < 3 && error == 0; i++) {
        sources[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 3);
        error = sources[i] < 0 ? errno : 0;
    }
    if (error == 0) {
        int may_close_ranges = CLinux_may_call(SYS_close_range);
        pid_t parent = getpid();
        sigset_t all, old;
        sigfillset(&all);
        // A handler of the parent's would run on memory that both share.
        pthread_sigmask(SIG_SETMASK, &all, &old);
        pid_t child = vfork();
        if (child == 0) {
            error = become(parent, path, argv, envp, sources, may_close_ranges);
            _exit(127);
        }
        if (child < 0) {
            error = errno;
        }
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (child > 0 && error != 0) {
            waitpid(child, NULL, 0);
        }
        *pid = child;
    }
    for (int i = 0; i < 3; i++) {
        if (sources[i] >= 0) {
            close(sources[i]);
        }
    }
    return error;
}

#endif
