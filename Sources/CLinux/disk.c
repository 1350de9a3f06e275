// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

// Headers older than Linux 6.1 and 5.8 lack these.
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x00002000U
#endif
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x00001000U
#endif

int CLinux_open_working_file(const char *directory, int is_direct) {
    int flags = O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC | (is_direct ? O_DIRECT : 0);
    // Without O_NOATIME each read dirties the inode; only an owner may ask for it.
    int descriptor = open(directory, flags | O_NOATIME, 0600);
    return descriptor < 0 && errno == EPERM ? open(directory, flags, 0600) : descriptor;
}

const int CLinux_o_direct = O_DIRECT;

// The system calls, because musl had no wrapper for long.
static long vector_call(long number, int descriptor, void *address, size_t length, int64_t offset, int flags) {
    struct iovec vector = {.iov_base = address, .iov_len = length};
    // Linux takes the offset in two halves; on 64-bit machines the first holds it all.
    return syscall(number, descriptor, &vector, 1L, (long)offset, 0L, flags);
}

ssize_t CLinux_write_at(int descriptor, const void *address, size_t length, int64_t offset, int flags) {
    return vector_call(SYS_pwritev2, descriptor, (void *)(uintptr_t)address, length, offset, flags);
}

ssize_t CLinux_read_at(int descriptor, void *address, size_t length, int64_t offset) {
    return vector_call(SYS_preadv2, descriptor, address, length, offset, 0);
}

const int CLinux_rwf_dsync = 0x00000002;  // RWF_DSYNC, Linux 4.7

int CLinux_is_overlay(int descriptor) {
    struct statfs facts;
    return fstatfs(descriptor, &facts) == 0 && facts.f_type == OVERLAYFS_SUPER_MAGIC;
}

int CLinux_start_write_out(int descriptor, int64_t offset, int64_t length) {
    return sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

int CLinux_wait_for_write_out(int descriptor, int64_t offset, int64_t length) {
    return sync_file_range(descriptor, offset, length,
                           SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

int CLinux_set_no_copy_on_write(int descriptor) {
    int flags = 0;
    if (ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0) {
        return -1;
    }
    flags |= FS_NOCOW_FL;
    return ioctl(descriptor, FS_IOC_SETFLAGS, &flags);
}

// statx of linux/stat.h, in the few fields that we read; the kernel writes 256 bytes.
static int call_statx(int descriptor, unsigned mask, struct statx *facts) {
    memset(facts, 0, sizeof *facts);
    return (int)syscall(SYS_statx, descriptor, "", 0x1000 /* AT_EMPTY_PATH */, mask, facts);
}

int CLinux_direct_alignment(int descriptor, uint32_t *memory, uint32_t *offset) {
    struct statx facts;
    if (call_statx(descriptor, STATX_DIOALIGN, &facts) != 0) {
        return -1;
    }
    if (!(facts.stx_mask & STATX_DIOALIGN)) {
        errno = ENOSYS;
        return -1;
    }
    // stx_dio_mem_align and stx_dio_offset_align, which older headers do not name: bytes 152 and 156 of the struct.
    memcpy(memory, (const char *)&facts + 152, sizeof *memory);
    memcpy(offset, (const char *)&facts + 156, sizeof *offset);
    return 0;
}

int64_t CLinux_mount_id(int descriptor) {
    struct statx facts;
    if (call_statx(descriptor, STATX_MNT_ID, &facts) != 0 || !(facts.stx_mask & STATX_MNT_ID)) {
        return -1;
    }
    // stx_mnt_id: byte 144.
    uint64_t id;
    memcpy(&id, (const char *)&facts + 144, sizeof id);
    return (int64_t)id;
}

void CLinux_stamp(void *address, size_t length, uint64_t first_stamp) {
    const size_t page = 4096;
    char *bytes = address;
    for (size_t offset = 0; offset < length; offset += page) {
        uint64_t stamp = (first_stamp + offset / page) * 0x9E3779B97F4A7C15u;
        memcpy(bytes + offset, &stamp, sizeof stamp);
    }
}

#endif
