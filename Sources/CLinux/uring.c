// SPDX-License-Identifier: Apache-2.0
// A raw io_uring ring for one thread: no liburing, so that nothing must be installed. What is shared with the kernel
// are two rings of indices: what we add to the submission ring's tail is released before the kernel reads it, what it
// adds to the completion ring's tail is acquired before we read. See io_uring(7).
#ifdef __linux__
#ifndef _GNU_SOURCE
#error You must define _GNU_SOURCE
#endif

#include "CLinux.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Headers older than the kernel that we run on lack these.
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN (1U << 8)
#endif
#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
#endif
#ifndef IORING_ENTER_ABS_TIMER
#define IORING_ENTER_ABS_TIMER (1U << 5)
#endif
#ifndef IORING_FEAT_MIN_TIMEOUT
#define IORING_FEAT_MIN_TIMEOUT (1U << 15)
#endif

enum { register_io_workers = 19 /* IORING_REGISTER_IOWQ_MAX_WORKERS, Linux 5.15 */ };

// struct io_uring_getevents_arg of Linux 6.12, which has a name for what was padding.
struct enter_argument {
    uint64_t signals;
    uint32_t signals_size;
    uint32_t patience_us;
    uint64_t time;
};

// The kernel's layout of a timeout, whatever the C library's time_t is.
struct kernel_time {
    int64_t seconds;
    int64_t nanoseconds;
};

struct CLinux_ring {
    int descriptor;
    uint32_t flags;
    int has_absolute_timer;
    int has_patience;
    int has_file;
    int has_buffers;
    int file;
    char *rings;
    size_t rings_length;
    struct io_uring_sqe *entries;
    size_t entries_length;
    uint32_t *submission_head;
    uint32_t *submission_tail;
    uint32_t submission_mask;
    uint32_t tail;  // ours; the kernel sees it at the next enter
    uint32_t *completion_head;
    uint32_t *completion_tail;
    uint32_t completion_mask;
    struct io_uring_cqe *completions;
};

static int setup(uint32_t entries, struct io_uring_params *parameters) {
    if (!CLinux_may_call(SYS_io_uring_setup) || !CLinux_may_call(SYS_io_uring_enter)
        || !CLinux_may_call(SYS_io_uring_register)) {
        return -1;
    }
    return (int)syscall(SYS_io_uring_setup, entries, parameters);
}

static int enter(const CLinux_ring *ring, uint32_t submit, uint32_t wait, uint32_t flags, const void *argument,
                 size_t size) {
    return (int)syscall(SYS_io_uring_enter, ring->descriptor, submit, wait, flags, argument, size);
}

static int do_register(const CLinux_ring *ring, uint32_t what, const void *argument, uint32_t count) {
    return (int)syscall(SYS_io_uring_register, ring->descriptor, what, argument, count);
}

// The best first. SQPOLL and IOPOLL are not among them: one burns a processor, the other needs its own queues and
// hides from the device's counters.
static const uint32_t setup_flags[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,  // Linux 6.1
    IORING_SETUP_COOP_TASKRUN,                                // Linux 5.19
    0,
};

static int open_ring(CLinux_ring *ring, uint32_t entries, struct io_uring_params *parameters) {
    for (size_t i = 0; i < sizeof setup_flags / sizeof setup_flags[0]; i++) {
        memset(parameters, 0, sizeof *parameters);
        parameters->flags = setup_flags[i] | IORING_SETUP_CLAMP;
        ring->flags = setup_flags[i];
        ring->descriptor = setup(entries, parameters);
        if (ring->descriptor >= 0 || errno != EINVAL) {
            break;
        }
    }
    if (ring->descriptor < 0) {
        return -1;
    }
    // One mapping for both rings is of Linux 5.4, waiting with a timeout of 5.11.
    const uint32_t needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
    if ((parameters->features & needed) != needed) {
        errno = ENOSYS;
        return -1;
    }
    ring->has_patience = (parameters->features & IORING_FEAT_MIN_TIMEOUT) != 0;
    return 0;
}

static int map_ring(CLinux_ring *ring, const struct io_uring_params *p) {
    size_t submissions = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
    size_t completions = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
    size_t length = submissions > completions ? submissions : completions;
    const int protection = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
    void *rings = mmap(NULL, length, protection, flags, ring->descriptor, (off_t)IORING_OFF_SQ_RING);
    if (rings == MAP_FAILED) {
        return -1;
    }
    ring->rings = rings;
    ring->rings_length = length;
    length = p->sq_entries * sizeof(struct io_uring_sqe);
    void *entries = mmap(NULL, length, protection, flags, ring->descriptor, (off_t)IORING_OFF_SQES);
    if (entries == MAP_FAILED) {
        return -1;
    }
    ring->entries = entries;
    ring->entries_length = length;
    ring->submission_head = (uint32_t *)(void *)(ring->rings + p->sq_off.head);
    ring->submission_tail = (uint32_t *)(void *)(ring->rings + p->sq_off.tail);
    ring->submission_mask = *(uint32_t *)(void *)(ring->rings + p->sq_off.ring_mask);
    ring->tail = *ring->submission_tail;
    ring->completion_head = (uint32_t *)(void *)(ring->rings + p->cq_off.head);
    ring->completion_tail = (uint32_t *)(void *)(ring->rings + p->cq_off.tail);
    ring->completion_mask = *(uint32_t *)(void *)(ring->rings + p->cq_off.ring_mask);
    ring->completions = (struct io_uring_cqe *)(void *)(ring->rings + p->cq_off.cqes);
    // Entry i always lies in place i, so that the array of indices is written once.
    uint32_t *array = (uint32_t *)(void *)(ring->rings + p->sq_off.array);
    for (uint32_t i = 0; i < p->sq_entries; i++) {
        array[i] = i;
    }
    return 0;
}

CLinux_ring *CLinux_ring_create(uint32_t entries, uint32_t workers) {
    CLinux_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        return NULL;
    }
    struct io_uring_params parameters;
    if (open_ring(ring, entries, &parameters) != 0 || map_ring(ring, &parameters) != 0) {
        int error = errno;
        CLinux_ring_destroy(ring);
        errno = error;
        return NULL;
    }
    // A kernel that does not know the flag answers EINVAL.
    ring->has_absolute_timer = 1;
    ring->has_absolute_timer = CLinux_ring_enter(ring, 0, 0, 0) == 0 || errno != EINVAL;
    // Threads of the kernel take over what would block; without a bound there may be very many of them.
    uint32_t most[2] = {workers, workers};
    (void)do_register(ring, register_io_workers, most, 2);
    return ring;
}

void CLinux_ring_destroy(CLinux_ring *ring) {
    if (ring->entries != NULL) {
        munmap(ring->entries, ring->entries_length);
    }
    if (ring->rings != NULL) {
        munmap(ring->rings, ring->rings_length);
    }
    if (ring->descriptor >= 0) {
        close(ring->descriptor);
    }
    free(ring);
}

int CLinux_ring_use_file(CLinux_ring *ring, int descriptor) {
    ring->file = descriptor;
    ring->has_file = do_register(ring, IORING_REGISTER_FILES, &descriptor, 1) == 0;
    return ring->has_file ? 0 : -1;
}

int CLinux_ring_use_buffers(CLinux_ring *ring, void *base, size_t each, uint32_t count) {
    struct iovec *vectors = calloc(count, sizeof *vectors);
    if (vectors == NULL) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        vectors[i] = (struct iovec){.iov_base = (char *)base + i * each, .iov_len = each};
    }
    ring->has_buffers = do_register(ring, IORING_REGISTER_BUFFERS, vectors, count) == 0;
    int error = errno;
    free(vectors);
    errno = error;
    return ring->has_buffers ? 0 : -1;
}

static struct io_uring_sqe *next_entry(CLinux_ring *ring, uint32_t slot) {
    if (ring->tail - __atomic_load_n(ring->submission_head, __ATOMIC_ACQUIRE) > ring->submission_mask) {
        return NULL;
    }
    struct io_uring_sqe *entry = &ring->entries[ring->tail & ring->submission_mask];
    memset(entry, 0, sizeof *entry);
    entry->user_data = slot;
    entry->fd = ring->has_file ? 0 : ring->file;
    entry->flags = ring->has_file ? IOSQE_FIXED_FILE : 0;
    ring->tail++;
    return entry;
}

int CLinux_ring_queue(
    CLinux_ring *ring, uint32_t slot, int is_write, void *address, uint32_t length, int64_t offset, int flags,
    int level) {
    struct io_uring_sqe *entry = next_entry(ring, slot);
    if (entry == NULL) {
        return -1;
    }
    if (ring->has_buffers) {
        entry->opcode = is_write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED;
        entry->buf_index = (uint16_t)slot;
    } else {
        entry->opcode = is_write ? IORING_OP_WRITE : IORING_OP_READ;
    }
    entry->addr = (uint64_t)(uintptr_t)address;
    entry->len = length;
    entry->off = (uint64_t)offset;
    entry->rw_flags = flags;
    entry->ioprio = level < 0 ? 0 : (uint16_t)(2 << 13 | level);  // IOPRIO_CLASS_BE
    return 0;
}

int CLinux_ring_queue_sync(CLinux_ring *ring, uint32_t slot) {
    struct io_uring_sqe *entry = next_entry(ring, slot);
    if (entry == NULL) {
        return -1;
    }
    entry->opcode = IORING_OP_FSYNC;
    entry->fsync_flags = IORING_FSYNC_DATASYNC;
    return 0;
}

int CLinux_ring_enter(CLinux_ring *ring, uint32_t wait, uint32_t patience_us, int64_t deadline_ns) {
    if (wait > 1 && !ring->has_patience) {
        wait = 1;
    }
    __atomic_store_n(ring->submission_tail, ring->tail, __ATOMIC_RELEASE);
    uint32_t submit = ring->tail - __atomic_load_n(ring->submission_head, __ATOMIC_ACQUIRE);
    uint32_t flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    int64_t at = deadline_ns;
    if (ring->has_absolute_timer) {
        flags |= IORING_ENTER_ABS_TIMER;
    } else {
        at -= wait > 0 ? CLinux_monotonic_ns() : at;
    }
    at = at > 0 ? at : 0;
    struct kernel_time time = {.seconds = at / 1000000000, .nanoseconds = at % 1000000000};
    struct enter_argument argument = {
        .patience_us = wait > 1 ? patience_us : 0,
        .time = (uint64_t)(uintptr_t)&time,
    };
    int result = enter(ring, submit, wait, flags, &argument, sizeof argument);
    // All four say "look at what is there and come again".
    if (result >= 0 || errno == ETIME || errno == EINTR || errno == EAGAIN || errno == EBUSY) {
        return 0;
    }
    return -1;
}

uint32_t CLinux_ring_reap(CLinux_ring *ring, CLinux_ring_completion *completions, uint32_t capacity) {
    uint32_t head = *ring->completion_head;
    uint32_t tail = __atomic_load_n(ring->completion_tail, __ATOMIC_ACQUIRE);
    uint32_t count = 0;
    for (; head != tail && count < capacity; head++, count++) {
        const struct io_uring_cqe *entry = &ring->completions[head & ring->completion_mask];
        completions[count].slot = (uint32_t)entry->user_data;
        completions[count].result = entry->res;
    }
    __atomic_store_n(ring->completion_head, head, __ATOMIC_RELEASE);
    return count;
}

void CLinux_ring_describe(const CLinux_ring *ring, CLinux_ring_facts *facts) {
    facts->setup_flags = ring->flags;
    facts->has_absolute_timer = ring->has_absolute_timer;
    facts->has_file = ring->has_file;
    facts->has_buffers = ring->has_buffers;
}

#endif
