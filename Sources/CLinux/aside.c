// SPDX-License-Identifier: Apache-2.0
//
// What may never come back is done aside: by a process of its own, which may hang in a file system that does not
// answer, while whoever asked goes on. A thread would not do: one in an uninterruptible wait keeps its whole process
// from ending.
//
// Such a process is forked and not spawned, so that it costs next to nothing; so only what is async-signal-safe may be
// done here (signal-safety(7)), and no Swift.

#if defined(__linux__)

#include "CLinux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The page, and behind it the name that is asked for.
struct shared {
    struct CLinux_aside page;
    char name[PATH_MAX];
};

static void *shared_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct CLinux_aside *CLinux_aside_create(void) { return shared_memory(sizeof(struct shared)); }

void CLinux_aside_destroy(struct CLinux_aside *page) { munmap(page, sizeof(struct shared)); }

// What such a process reads; each has its own.
static char pieces[1 << 18];

// Found out before the fork; see CLinux_may_call.
static int may_close_ranges;

// Closes all descriptors but those in `kept`, which are `count`.
static void close_others(const int *kept, size_t count) {
    unsigned from = 0;
    while (1) {
        int next = INT_MAX;
        for (size_t i = 0; i < count; i++) {
            if (kept[i] >= (int)from && kept[i] < next) {
                next = kept[i];
            }
        }
        unsigned last = next == INT_MAX ? ~0U : (unsigned)next - 1;
        int is_done = next == (int)from || (may_close_ranges && syscall(SYS_close_range, from, last, 0) == 0);
        if (!is_done) {
            // Before Linux 5.9 one by one, as far as is usual.
            for (unsigned fd = from; fd <= last && fd < 65536; fd++) {
                close((int)fd);
            }
        }
        if (next == INT_MAX) {
            return;
        }
        from = (unsigned)next + 1;
    }
}

static void begin_aside(const char *name, const int *kept, size_t count) {
    // What a terminal sends to all that run in it is for the one who asked.
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGTSTP, SIGTTOU};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        signal(ignored[i], SIG_IGN);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_NAME, name, 0, 0, 0);
    close_others(kept, count);
    // No mount is kept busy by standing in it.
    if (chdir("/") != 0) {
        return;
    }
}

// MARK: Keeping

struct CLinux_keep *CLinux_keep_create(void) { return shared_memory(sizeof(struct CLinux_keep)); }

void CLinux_keep_destroy(struct CLinux_keep *page) { munmap(page, sizeof *page); }

void CLinux_keep_child(struct CLinux_keep *page, pid_t child) {
    page->children[page->count] = child;
    __atomic_store_n(&page->count, page->count + 1, __ATOMIC_RELEASE);
}

// Whether a signal that is to end the process waits for it: the line ShdPnd of /proc/PID/status, proc(5).
static int is_told_to_end(int status) {
    ssize_t count = pread(status, pieces, 4096, 0);
    pieces[count > 0 ? count : 0] = 0;
    const char *line = count > 0 ? strstr(pieces, "\nShdPnd:") : NULL;
    unsigned long long pending = line != NULL ? strtoull(line + sizeof "\nShdPnd:" - 1, NULL, 16) : 0;
    unsigned long long ending = 1ULL << (SIGTERM - 1) | 1ULL << (SIGINT - 1);
    return (pending & ending) != 0;
}

pid_t CLinux_fork_keeper(struct CLinux_keep *page) {
    enum { step_ms = 100, patience_ms = 400 };
    pid_t parent = getpid();
    may_close_ranges = CLinux_may_call(SYS_close_range);
    pid_t id = fork();
    if (id != 0) {
        return id;
    }
    const int kept[] = {STDERR_FILENO};
    begin_aside("exert-keeper", kept, 1);
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
    // All that is needed later is used once now: where memory is gone, a first use may hang.
    is_told_to_end(status);
    uint32_t last = 0;
    int silent_ms = 0;
    int killed_at_ms = -1;
    while (getppid() == parent && __atomic_load_n(&page->is_over, __ATOMIC_ACQUIRE) == 0) {
        struct timespec step = {.tv_nsec = step_ms * 1000000};
        nanosleep(&step, NULL);
        uint32_t beat = __atomic_load_n(&page->beat, __ATOMIC_RELAXED);
        silent_ms = beat == last ? silent_ms + step_ms : 0;
        last = beat;
        if (silent_ms < patience_ms) {
            killed_at_ms = -1;
            continue;
        }
        if (!is_told_to_end(status)) {
            continue;
        }
        if (killed_at_ms < 0) {
            killed_at_ms = silent_ms;
            int count = __atomic_load_n(&page->count, __ATOMIC_ACQUIRE);
            for (int i = 0; i < count; i++) {
                // The parent has not run for a while, so that it has reaped none of them: the numbers are still theirs.
                kill(page->children[i], SIGKILL);
            }
        } else if (silent_ms >= killed_at_ms + patience_ms) {
            kill(parent, SIGKILL);
            static const char text[] = "error: told to stop, exert did not run; its stressors and it were killed\n";
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

// MARK: Writing

static void write_all(struct CLinux_aside *page, int output, const char *bytes, size_t count) {
    while (count > 0 && page->error == 0) {
        ssize_t written = write(output, bytes, count);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            // What comes after it is read and dropped, so that nobody waits.
            page->error = errno;
            return;
        }
        bytes += written;
        count -= (size_t)written;
        page->written += written;
    }
}

pid_t CLinux_fork_writer(struct CLinux_aside *page, int input, int output, int by_lines, int gives_back) {
    may_close_ranges = CLinux_may_call(SYS_close_range);
    pid_t id = fork();
    if (id != 0) {
        return id;
    }
    const int kept[] = {input, output};
    begin_aside("exert-output", kept, 2);
    size_t there = 0;
    while (1) {
        ssize_t count = read(input, pieces + there, sizeof pieces - there);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        there += (size_t)count;
        size_t whole = there;
        // Others may append to the same file: a line is written in one piece.
        while (by_lines && whole > 0 && pieces[whole - 1] != '\n') {
            whole--;
        }
        if (whole == 0 && there == sizeof pieces) {
            whole = there;
        }
        write_all(page, output, pieces, whole);
        there -= whole;
        memmove(pieces, pieces + whole, there);
    }
    write_all(page, output, pieces, there);
    struct stat facts;
    // Setting the size that it has gives back the blocks behind it.
    if (gives_back && fstat(output, &facts) == 0 && ftruncate(output, facts.st_size) != 0) {
        page->error = page->error != 0 ? page->error : errno;
    }
    _exit(0);
}

// MARK: Questions

static long futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout) {
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

// The directory `name` below `folder` and what is in it.
static int64_t count_entries(int folder, const char *name) {
    int directory = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    // The offsets of struct linux_dirent64, getdents(2): the length of an entry, and its name.
    enum { length_at = 16, name_at = 19 };
    int64_t sum = 1;
    while (1) {
        long bytes = syscall(SYS_getdents64, directory, pieces, sizeof pieces);
        if (bytes <= 0) {
            close(directory);
            return bytes < 0 ? -1 : sum;
        }
        for (long at = 0; at < bytes;) {
            const char *entry = pieces + at;
            uint16_t length;
            memcpy(&length, entry + length_at, sizeof length);
            at += length;
            if (strcmp(entry + name_at, ".") != 0 && strcmp(entry + name_at, "..") != 0) {
                sum++;
            }
        }
    }
}

static int answer_space(struct CLinux_aside *page, int folder) {
    struct statvfs facts;
    if (fstatvfs(folder, &facts) != 0) {
        return -1;
    }
    const uint64_t figures[] = {facts.f_frsize, facts.f_blocks, facts.f_bfree, facts.f_bavail,
                                facts.f_files,  facts.f_ffree,  facts.f_favail};
    memcpy(page->space, figures, sizeof figures);
    return 0;
}

static int answer_file(struct CLinux_aside *page, const char *name) {
    struct stat facts;
    if (fstatat(page->descriptor, name, &facts, 0) != 0) {
        return -1;
    }
    page->device = facts.st_dev;
    page->inode = facts.st_ino;
    page->mode = facts.st_mode;
    page->blocks = facts.st_blocks;
    return 0;
}

static void answer(struct CLinux_aside *page, int *folder) {
    const char *name = ((struct shared *)page)->name;
    int code = 0;
    switch (page->kind) {
    case CLINUX_ASK_OPEN:
        *folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        code = *folder;
        break;
    case CLINUX_ASK_SPACE:
        code = answer_space(page, *folder);
        break;
    case CLINUX_ASK_FILE:
        code = answer_file(page, name);
        break;
    case CLINUX_ASK_ENTRIES:
        page->entries = count_entries(*folder, name);
        code = page->entries < 0 ? -1 : 0;
        break;
    default:
        errno = EINVAL;
        code = -1;
    }
    page->error = code < 0 ? errno : 0;
}

pid_t CLinux_fork_answerer(struct CLinux_aside *page, const int *kept, size_t count) {
    pid_t parent = getpid();
    may_close_ranges = CLinux_may_call(SYS_close_range);
    pid_t id = fork();
    if (id != 0) {
        return id;
    }
    begin_aside("exert-ask", kept, count);
    // Nobody asks any more once the one who forked it is gone.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int folder = -1;
    while (getppid() == parent) {
        uint32_t asked = __atomic_load_n(&page->asked, __ATOMIC_ACQUIRE);
        if (asked == __atomic_load_n(&page->answered, __ATOMIC_RELAXED)) {
            futex(&page->asked, FUTEX_WAIT, asked, NULL);
            continue;
        }
        answer(page, &folder);
        __atomic_store_n(&page->answered, asked, __ATOMIC_RELEASE);
        futex(&page->answered, FUTEX_WAKE, 1, NULL);
    }
    _exit(0);
}

int CLinux_aside_is_answered(struct CLinux_aside *page) {
    return __atomic_load_n(&page->answered, __ATOMIC_ACQUIRE)
           == __atomic_load_n(&page->asked, __ATOMIC_RELAXED);
}

int CLinux_aside_ask(struct CLinux_aside *page, int kind, int descriptor, const char *name, int64_t patience) {
    size_t length = strlen(name);
    if (length >= PATH_MAX) {
        page->error = ENAMETOOLONG;
        return 1;
    }
    memcpy(((struct shared *)page)->name, name, length + 1);
    page->kind = kind;
    page->descriptor = descriptor;
    uint32_t asked = __atomic_load_n(&page->asked, __ATOMIC_RELAXED) + 1;
    __atomic_store_n(&page->asked, asked, __ATOMIC_RELEASE);
    futex(&page->asked, FUTEX_WAKE, 1, NULL);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t deadline = now.tv_sec * INT64_C(1000000000) + now.tv_nsec + patience;
    while (!CLinux_aside_is_answered(page)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t left = deadline - (now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
        if (left <= 0) {
            return 0;
        }
        struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        futex(&page->answered, FUTEX_WAIT, asked - 1, &timeout);
    }
    return 1;
}

#endif
