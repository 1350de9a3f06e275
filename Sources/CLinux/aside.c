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
#include "aside.h"

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
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// The page, and behind it the name that is asked for.
struct shared {
    struct CLinux_aside page;
    char name[PATH_MAX];
};

void *CLinux_shared_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct CLinux_aside *CLinux_aside_create(void) { return CLinux_shared_memory(sizeof(struct shared)); }

void CLinux_aside_destroy(struct CLinux_aside *page) { munmap(page, sizeof(struct shared)); }

// What such a process reads; each has its own.
static char pieces[1 << 18];

// Found out before the fork; see CLinux_may_call.
static int may_close_ranges;

pid_t CLinux_fork_aside(void) {
    may_close_ranges = CLinux_may_call(SYS_close_range);
    return fork();
}

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

void CLinux_begin_aside(const char *name, const int *kept, size_t count) {
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

// MARK: Writing

// Notes whether a file has lost its name, or what was written to it: it is `size` bytes long at the least. Returns its
// size.
static int64_t look_after(struct CLinux_aside *page, int output, int64_t size) {
    struct stat facts;
    if (fstat(output, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return 0;
    }
    // One that never had a name loses none.
    page->is_removed |= facts.st_nlink == 0 && page->was_named;
    page->was_named |= facts.st_nlink > 0;
    page->is_cut |= facts.st_size < size;
    return facts.st_size;
}

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
    pid_t id = CLinux_fork_aside();
    if (id != 0) {
        return id;
    }
    const int kept[] = {input, output};
    CLinux_begin_aside("exert-output", kept, 2);
    size_t there = 0;
    int64_t size = look_after(page, output, 0);
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
        int64_t written = page->written;
        write_all(page, output, pieces, whole);
        // Others may append, too.
        size = look_after(page, output, size + page->written - written);
        there -= whole;
        memmove(pieces, pieces + whole, there);
    }
    int64_t written = page->written;
    write_all(page, output, pieces, there);
    look_after(page, output, size + page->written - written);
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
    page->modified = facts.st_mtim.tv_sec * INT64_C(1000000000) + facts.st_mtim.tv_nsec;
    return 0;
}

// Cuts the last name off; whether there was one.
static int cut_last(char *path) {
    char *slash = strrchr(path, '/');
    if (slash == NULL || path[1] == 0) {
        return 0;
    }
    slash[slash == path ? 1 : 0] = 0;
    return 1;
}

// Touches what a path leads to, or the directory above it that is there, in the ways that later calls do, and changes
// nothing. What they answer is of no interest, only that they do.
static void touch(const char *name, int writes) {
    char path[PATH_MAX];
    int place;
    struct stat facts;
    struct statfs space;
    strcpy(path, name);
    do {
        // Neither a device nor a pipe notices.
        place = open(path, O_PATH | O_CLOEXEC);
    } while (place < 0 && (errno == ENOENT || errno == ENOTDIR) && cut_last(path));
    if (place < 0) {
        return;
    }
    // The answer to the first one may be kept from before, to the second one not: fuse_statfs(), nfs_statfs().
    if (fstat(place, &facts) == 0 && fstatfs(place, &space) == 0) {
        if (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) {
            close(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        }
        if (writes) {
            // Waits for a frozen file system, mnt_want_write() in path_removexattrat() of fs/xattr.c, and then finds
            // nothing to remove.
            removexattr(path, "user.exert-is-nowhere");
        }
    }
    close(place);
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
    case CLINUX_ASK_TO_READ:
    case CLINUX_ASK_TO_WRITE:
        touch(name, page->kind == CLINUX_ASK_TO_WRITE);
        break;
    default:
        errno = EINVAL;
        code = -1;
    }
    page->error = code < 0 ? errno : 0;
}

pid_t CLinux_fork_answerer(struct CLinux_aside *page, const int *kept, size_t count) {
    pid_t parent = getpid();
    pid_t id = CLinux_fork_aside();
    if (id != 0) {
        return id;
    }
    CLinux_begin_aside("exert-ask", kept, count);
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
