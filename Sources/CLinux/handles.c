// SPDX-License-Identifier: Apache-2.0
#include "CLinux.h"

#ifdef __linux__

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_path(void) { return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); }

static int open_one(int kind, int source) {
    switch (kind) {
    case CLINUX_HANDLE_DUP: return fcntl(source, F_DUPFD_CLOEXEC, 0);
    case CLINUX_HANDLE_FILE: return open("/dev/null", O_RDONLY | O_CLOEXEC);
    case CLINUX_HANDLE_EVENTFD: return eventfd(0, EFD_CLOEXEC);
    case CLINUX_HANDLE_SOCKET: return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    case CLINUX_HANDLE_EPOLL: return epoll_create1(EPOLL_CLOEXEC);
    case CLINUX_HANDLE_INOTIFY: return inotify_init1(IN_CLOEXEC);
    default: return open_path();
    }
}

size_t CLinux_open_handles(int kind, int source, int32_t *numbers, size_t count, int *error) {
    size_t opened = 0;
    *error = 0;
    while (opened < count) {
        // A pipe is two handles; an odd last one is a handle that needs no second number for a moment.
        if (kind == CLINUX_HANDLE_PIPE && count - opened >= 2) {
            if (pipe2(numbers + opened, O_CLOEXEC) == 0) {
                opened += 2;
                continue;
            }
        } else {
            int number = open_one(kind, source);
            if (number >= 0) {
                numbers[opened++] = number;
                continue;
            }
        }
        if (errno == EINTR) {
            continue;
        }
        *error = errno;
        break;
    }
    return opened;
}

void CLinux_close_range(int32_t first, int32_t last) {
    // A syscall that a sandbox refuses or a kernel before 5.9 lacks must not keep a handle open.
    if (!CLinux_may_call(SYS_close_range) || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0u) != 0) {
        for (int32_t number = last; number >= first; number--) {
            close(number);
        }
    }
}

int CLinux_expand_descriptor_table(int32_t highest) {
    // A number that is in use already, inherited from whoever started this process, is in the table.
    if (fcntl(highest, F_GETFD) >= 0) {
        return 0;
    }
    int source = open_path();
    if (source < 0) {
        return -1;
    }
    int number = fcntl(source, F_DUPFD_CLOEXEC, highest);
    int saved = errno;
    close(source);
    if (number < 0) {
        errno = saved;
        return -1;
    }
    return close(number);
}

int64_t CLinux_list_descriptors(int directory, int32_t from, int32_t *_Nullable numbers, size_t capacity) {
    struct entry {
        uint64_t inode;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
    };
    // proc(5): descriptor N of the process is at offset N + 2 of the directory, behind `.` and `..`.
    if (lseek(directory, from > 0 ? (off_t)from + 2 : 0, SEEK_SET) < 0) {
        return -1;
    }
    _Alignas(8) char buffer[16384];
    int64_t count = 0;
    while (1) {
        long bytes = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
        if (bytes < 0) {
            return -1;
        }
        if (bytes == 0) {
            return count;
        }
        for (long at = 0; at < bytes;) {
            const struct entry *entry = (const struct entry *)(const void *)(buffer + at);
            at += entry->length;
            if (entry->name[0] < '0' || entry->name[0] > '9') {
                continue;
            }
            long number = strtol(entry->name, NULL, 10);
            if (number < from) {
                continue;
            }
            if (numbers != NULL && (size_t)count < capacity) {
                numbers[count] = (int32_t)number;
            }
            count++;
        }
    }
}

#endif
