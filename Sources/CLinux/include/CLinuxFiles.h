// SPDX-License-Identifier: Apache-2.0
// File systems and limits: calls that are GNU-only or whose types Swift does not see.
// Each function returns what the call beneath it returns, and leaves errno alone.
#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H
#ifdef __linux__

#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// prlimit(2) RLIMIT_NOFILE of process `pid` (0: this one); UINT64_MAX where there is no limit. 0 or -1.
int CLinux_open_file_limit(pid_t pid, uint64_t *soft, uint64_t *hard);
/// prlimit(2): sets the soft RLIMIT_NOFILE of process `pid` and leaves the hard one. 0 or -1.
int CLinux_set_open_file_limit(pid_t pid, uint64_t soft);
/// getrlimit(2) RLIMIT_FSIZE: the largest file that this process may write, in bytes; UINT64_MAX where there is no
/// limit.
uint64_t CLinux_file_size_limit(void);
/// fallocate(2) in mode 0: the size grows along. 0 or -1.
int CLinux_fallocate(int descriptor, int64_t offset, int64_t length);
/// fallocate(2) with FALLOC_FL_KEEP_SIZE: blocks behind the end of the file. 0 or -1.
int CLinux_fallocate_keeping_size(int descriptor, int64_t offset, int64_t length);
/// syncfs(2): writes out the file system that the descriptor is on. 0 or -1.
int CLinux_syncfs(int descriptor);
/// open(2) with O_TMPFILE: a file without a name in `directory`, for reading and writing. A descriptor or -1.
int CLinux_open_unnamed(const char *directory);
/// The same in a directory that is open, whatever its path is by now. A descriptor or -1.
int CLinux_open_unnamed_in(int directory);
/// fstatfs(2): the magic number of the file system (linux/magic.h), or -1.
int64_t CLinux_file_system_magic(int descriptor);
/// The major number of a device, of which the macro is not visible to Swift.
unsigned CLinux_major(uint64_t device);

#pragma clang assume_nonnull end

#endif
#endif
