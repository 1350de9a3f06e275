// SPDX-License-Identifier: Apache-2.0
#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinuxFiles.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int CLinux_open_file_limit(pid_t pid, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) != 0) {
        return -1;
    }
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int CLinux_set_open_file_limit(pid_t pid, uint64_t soft) {
    struct rlimit limit;
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) != 0) {
        return -1;
    }
    limit.rlim_cur = soft;
    return prlimit(pid, RLIMIT_NOFILE, &limit, NULL);
}

uint64_t CLinux_file_size_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return UINT64_MAX;
    }
    return limit.rlim_cur;
}

int CLinux_fallocate(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, 0, offset, length);
}

int CLinux_fallocate_keeping_size(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, length);
}

int CLinux_syncfs(int descriptor) { return syncfs(descriptor); }

int CLinux_open_unnamed(const char *directory) { return open(directory, O_TMPFILE | O_CLOEXEC | O_RDWR, 0600); }

int CLinux_open_unnamed_in(int directory) { return openat(directory, ".", O_TMPFILE | O_CLOEXEC | O_RDWR, 0600); }

int64_t CLinux_file_system_magic(int descriptor) {
    struct statfs facts;
    if (fstatfs(descriptor, &facts) != 0) {
        return -1;
    }
    return (int64_t)(uint32_t)facts.f_type;
}

unsigned CLinux_major(uint64_t device) { return major(device); }

#endif
