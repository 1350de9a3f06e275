// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinuxRecords.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int CLinux_lock(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }

// A handle with room for its bytes, which `struct file_handle` itself has not.
typedef union {
    struct file_handle head;
    unsigned char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} handle_room;

int CLinux_file_handle(int descriptor, int *type, unsigned char *bytes, unsigned *count) {
    handle_room handle;
    int mount;
    memset(&handle, 0, sizeof handle);
    handle.head.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(descriptor, "", &handle.head, &mount, AT_EMPTY_PATH) != 0) {
        return -1;
    }
    if (handle.head.handle_bytes > *count) {
        errno = EOVERFLOW;
        return -1;
    }
    *type = handle.head.handle_type;
    *count = handle.head.handle_bytes;
    memcpy(bytes, handle.room + sizeof(struct file_handle), *count);
    return 0;
}

int CLinux_open_by_handle(int mount, int type, const unsigned char *bytes, unsigned count, int flags) {
    handle_room handle;
    if (count > MAX_HANDLE_SZ) {
        errno = EOVERFLOW;
        return -1;
    }
    memset(&handle, 0, sizeof handle);
    handle.head.handle_bytes = count;
    handle.head.handle_type = type;
    memcpy(handle.room + sizeof(struct file_handle), bytes, count);
    return open_by_handle_at(mount, &handle.head, flags | O_CLOEXEC);
}

int64_t CLinux_birth_time(int descriptor) {
    struct statx facts;
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BTIME, &facts) != 0 || !(facts.stx_mask & STATX_BTIME)) {
        return 0;
    }
    return (int64_t)facts.stx_btime.tv_sec * 1000000000 + facts.stx_btime.tv_nsec;
}

int CLinux_look(int directory, const char *name, struct CLinux_file_facts *facts) {
    struct statx found;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
        return -1;
    }
    facts->inode = found.stx_ino;
    facts->born = found.stx_mask & STATX_BTIME ? (int64_t)found.stx_btime.tv_sec * 1000000000 + found.stx_btime.tv_nsec
                                               : 0;
    facts->size = (int64_t)found.stx_size;
    facts->mode = found.stx_mode;
    facts->user = found.stx_uid;
    facts->links = found.stx_nlink;
    return 0;
}

uint64_t CLinux_file_system_id(int descriptor) {
    struct statfs facts;
    uint64_t id = 0;
    if (fstatfs(descriptor, &facts) != 0) {
        return 0;
    }
    memcpy(&id, &facts.f_fsid, sizeof id < sizeof facts.f_fsid ? sizeof id : sizeof facts.f_fsid);
    return id;
}

#endif
