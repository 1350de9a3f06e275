// SPDX-License-Identifier: Apache-2.0
// What undo records rest on: locks, and what tells a file from every other one.
// Each function returns what the call beneath it returns, and leaves errno alone.
#ifndef CLINUX_RECORDS_H
#define CLINUX_RECORDS_H
#ifdef __linux__

#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// flock(2) with LOCK_EX and LOCK_NB: the lock is that of the open file, and ends with its last descriptor. 0 or -1.
int CLinux_lock(int descriptor);
/// name_to_handle_at(2) of an open file: what the file system knows it by, whatever its name; the handle's type, and
/// in `count` the bytes of `bytes` that it takes, at most `*count` before. 0 or -1.
int CLinux_file_handle(int descriptor, int *type, unsigned char *bytes, unsigned *count);
/// open_by_handle_at(2), which wants CAP_DAC_READ_SEARCH; `mount` is any open file of the same file system, not of
/// O_PATH. A descriptor or -1; ESTALE where the file is no more.
int CLinux_open_by_handle(int mount, int type, const unsigned char *bytes, unsigned count, int flags);
/// statx(2) STATX_BTIME: when an open file was made, in ns since the Unix epoch; 0 where nobody knows.
int64_t CLinux_birth_time(int descriptor);
/// fstatfs(2): the id of the file system (`f_fsid`); 0 where it has none or does not tell.
uint64_t CLinux_file_system_id(int descriptor);

/// What is asked of a file by its name.
struct CLinux_file_facts {
    uint64_t inode;
    /// In ns since the Unix epoch; 0 where nobody knows.
    int64_t born;
    int64_t size;
    uint32_t mode;
    uint32_t user;
    uint32_t links;
};

/// statx(2) of `name` below an open directory, no link followed. 0 or -1.
int CLinux_look(int directory, const char *name, struct CLinux_file_facts *facts);

#pragma clang assume_nonnull end

#endif
#endif
