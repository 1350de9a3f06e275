// SPDX-License-Identifier: Apache-2.0
// The C that Swift cannot spell: variadic and GNU-only calls, and loops whose machine code must be known.
// Each function returns what the call beneath it returns, and leaves errno alone.
#ifndef CLINUX_H
#define CLINUX_H
#ifdef __linux__

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "CLinuxAside.h"
#include "CLinuxEvents.h"
#include "CLinuxFiles.h"
#include "CLinuxProbe.h"
#include "CLinuxRecords.h"
#include "CLinuxStream.h"
#include "CLinuxTasks.h"

#pragma clang assume_nonnull begin

// ---- time -----------------------------------------------------------------------------------------------------------

/// The time of `clock` (a `clockid_t`) in nanoseconds; -1 where the clock does not exist.
int64_t CLinux_clock_ns(int32_t clock);
/// CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID and CLOCK_PROCESS_CPUTIME_ID in nanoseconds.
int64_t CLinux_monotonic_ns(void);
int64_t CLinux_realtime_ns(void);
int64_t CLinux_thread_cpu_ns(void);
int64_t CLinux_process_cpu_ns(void);
/// The CPU clock of another process, clock_getcpuclockid(3); 0 or an errno.
int CLinux_process_cpu_clock(pid_t pid, int32_t *clock);

// ---- waiting in shared memory ---------------------------------------------------------------------------------------

/// futex(2) FUTEX_WAIT_BITSET on a word that processes share, until an absolute CLOCK_MONOTONIC time; 0 or -1.
int CLinux_futex_wait(const uint32_t *word, uint32_t expected, int64_t deadline_ns);
/// futex(2) FUTEX_WAKE of all waiters.
int CLinux_futex_wake_all(const uint32_t *word);

// ---- this process and its threads -----------------------------------------------------------------------------------

/// prctl(2) PR_SET_TIMERSLACK for the calling thread; variadic in C.
int CLinux_set_timer_slack(unsigned long nanoseconds);
/// prctl(2) PR_SET_PDEATHSIG: the signal fires when the *thread* that spawned us ends, so it is a third net only.
int CLinux_set_parent_death_signal(int signal);
/// A CLOCK_BOOTTIME timer that sends SIGKILL to this process after the given time, every signal blocked or not. There
/// is one such timer; a second call sets it anew. Not to be called by two threads at once.
int CLinux_kill_self_after(int64_t nanoseconds);
/// How many words the command line has, the binary's own first.
int CLinux_argument_count(void);
/// A word of the command line as execve(2) passed it, without asking /proc; NULL where there is none.
const char *_Nullable CLinux_argument(int index);
/// statfs(2): whether a file system of type proc is mounted at `path`.
int CLinux_is_proc(const char *path);
/// The kernel's id of the calling thread.
pid_t CLinux_gettid(void);
/// pthread_setname_np on the calling thread; `name` is cut to 15 characters.
int CLinux_set_thread_name(const char *name);
/// setpriority(2) of the calling thread.
int CLinux_set_thread_nice(int nice);
/// sched_setscheduler(2) SCHED_IDLE for the calling thread.
int CLinux_set_thread_idle(void);
/// sched_setaffinity(2) of the calling thread; `cpus` are CPU numbers. The CPU_SET macros are not visible to Swift.
int CLinux_set_thread_affinity(const int32_t *cpus, size_t count);
/// sched_getaffinity(2) of the calling thread; writes up to `capacity` CPU numbers, returns how many there are or -1.
int CLinux_get_affinity(int32_t *cpus, size_t capacity);
/// Whether capability `number` (linux/capability.h) is effective, from capget(2).
int CLinux_has_capability(int number);

// ---- descriptors and processes --------------------------------------------------------------------------------------

int CLinux_memfd_create(const char *name);
int CLinux_eventfd(void);
/// A descriptor that reports the given signals, which are blocked in the calling thread.
int CLinux_signalfd(const int32_t *signals, size_t count);
/// Whether the calling process ignores a signal.
int CLinux_is_ignored(int signal);
/// Reads one signal from a signalfd; its number, or -1.
int CLinux_signalfd_read(int descriptor);
struct pollfd;
/// ppoll(2) until an absolute CLOCK_MONOTONIC time; how many descriptors are ready, 0, or -1.
int CLinux_poll_until(struct pollfd *polls, size_t count, int64_t deadline_ns);
/// An epoll(7) that is readable when one of `descriptors` is; negative ones are passed over. -1 where there is none.
int CLinux_poll_set(const int32_t *_Nonnull descriptors, size_t count);
int CLinux_pidfd_open(pid_t pid);
/// pipe2(2) with close-on-exec from the first moment on: another thread may spawn something right then.
int CLinux_pipe(int32_t ends[_Nonnull 2]);
/// posix_spawn(3) of the binary at `path`; its descriptor i is descriptors[i], or the one inherited where that is -1;
/// all from count on are closed, no signal blocked, its own process group so that a terminal's Ctrl-C reaches the
/// observer alone. 0 or an errno.
int CLinux_spawn(
    pid_t *pid, const char *path, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull envp,
    const int32_t *descriptors, size_t count);
/// vfork(2) and execve(2) of the binary at `path`, which is killed when the calling thread ends (PR_SET_PDEATHSIG of
/// prctl(2), which posix_spawn(3) cannot set); its descriptors 0, 1 and 2 are `descriptors`, all others are closed, no
/// signal is blocked or ignored, its own process group. 0 or an errno.
int CLinux_spawn_bound(
    pid_t *pid, const char *path, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull envp,
    const int32_t *_Nonnull descriptors);
/// wait4(2); fills exit code or signal and the CPU time in nanoseconds. Returns the pid, 0 with WNOHANG, or -1.
pid_t CLinux_wait(pid_t pid, int no_hang, int *exit_code, int *signal, int64_t *cpu_ns);
/// ioctl(2) TIOCGWINSZ: the width of the terminal in columns, or -1.
int CLinux_terminal_width(int descriptor);

// ---- open handles ---------------------------------------------------------------------------------------------------

enum CLinux_handle {
    CLINUX_HANDLE_DUP,
    CLINUX_HANDLE_PATH,
    CLINUX_HANDLE_FILE,
    CLINUX_HANDLE_EVENTFD,
    CLINUX_HANDLE_PIPE,
    CLINUX_HANDLE_SOCKET,
    CLINUX_HANDLE_EPOLL,
    CLINUX_HANDLE_INOTIFY,
};

/// Opens up to `count` handles of a kind, close-on-exec, and writes their numbers; `source` is what a dup duplicates.
/// Returns how many were opened; where that is fewer than `count`, `error` is the errno of the next.
size_t CLinux_open_handles(int kind, int source, int32_t *numbers, size_t count, int *error);
/// close_range(2) of `first` through `last`; one close(2) each where the kernel or a sandbox does not have it.
void CLinux_close_range(int32_t first, int32_t last);
/// Makes the descriptor table large enough for number `highest`: each doubling of a table that threads share waits for
/// an RCU grace period. 0 or -1.
int CLinux_expand_descriptor_table(int32_t highest);
/// The descriptor numbers from `from` on that an open /proc/PID/fd lists: writes up to `capacity`, returns how many
/// there are, or -1.
int64_t CLinux_list_descriptors(int directory, int32_t from, int32_t *_Nullable numbers, size_t capacity);

// ---- memory ---------------------------------------------------------------------------------------------------------

/// sysinfo(2): the memory that the kernel has, in bytes; -1 where it is refused.
int64_t CLinux_memory_total(void);
/// madvise(2) MADV_POPULATE_WRITE (Linux 5.14): faults pages in without touching their content. 0 or -1.
int CLinux_populate_write(void *address, size_t length);
/// mlock2(2); musl and old glibc have no wrapper.
int CLinux_mlock(void *address, size_t length);
/// The bytes of a random tile for CLinux_fill_random.
#define CLINUX_TILE_BYTES 65536
/// Fills `tile` (CLINUX_TILE_BYTES) with incompressible bytes drawn from `seed`.
void CLinux_make_tile(void *tile, uint64_t seed);
/// Copies the tile over whole pages with non-temporal stores and stamps each 4 KiB with a number of its own, so that
/// neither compression nor same-page merging can take the memory back. `address` is page aligned.
void CLinux_fill_random(void *address, size_t length, const void *tile, uint64_t first_stamp);
/// Writes a zero every `stride` bytes: fresh memory becomes resident in one fault each, where a read first takes two.
void CLinux_touch_fresh(void *address, size_t length, size_t stride);
/// Rewrites one word every `stride` bytes with what it holds, so that reclaim sees the pages as used.
void CLinux_touch(void *address, size_t length, size_t stride);

// ---- burning CPU ----------------------------------------------------------------------------------------------------

enum CLinux_burn_method {
    CLINUX_BURN_SPIN,
    CLINUX_BURN_INT,
    CLINUX_BURN_FLOAT,
    CLINUX_BURN_SIMD,
    CLINUX_BURN_BRANCH,
    CLINUX_BURN_CACHE,
    CLINUX_BURN_MEMORY,
    CLINUX_BURN_SYSCALL,
    CLINUX_BURN_MIXED,
    CLINUX_BURN_METHODS,
};

/// The state of one worker's burning; made by CLinux_burn_create.
typedef struct CLinux_burn CLinux_burn;

/// Allocates the state for a method and calibrates it, which takes a few milliseconds of CPU; NULL without memory.
CLinux_burn *_Nullable CLinux_burn_create(int method, uint64_t seed);
void CLinux_burn_destroy(CLinux_burn *burn);
/// Runs `iterations` of the method and returns its checksum, which depends on every iteration.
uint64_t CLinux_burn_run(CLinux_burn *burn, uint64_t iterations);
/// What calibration found: nanoseconds for one iteration, as a mean over the method's parts.
double CLinux_burn_iteration_ns(const CLinux_burn *burn);
/// Burns until the calling thread's CPU clock is at `deadline_ns`, until CLOCK_MONOTONIC is at `end_ns`, or until
/// `*word == stop`. Returns the CPU clock.
int64_t CLinux_burn_until(
    CLinux_burn *burn, int64_t deadline_ns, int64_t end_ns, const uint32_t *word, uint32_t stop);

// ---- disk I/O -------------------------------------------------------------------------------------------------------

/// open(2) O_TMPFILE in `directory`, with O_DIRECT or without, and O_NOATIME where it is allowed; a descriptor or -1.
int CLinux_open_working_file(const char *directory, int is_direct);
/// The flag O_DIRECT of open(2), whose value differs by architecture.
extern const int CLinux_o_direct;
/// pwritev2(2) of one piece with RWF_ flags; bytes written or -1.
ssize_t CLinux_write_at(int descriptor, const void *address, size_t length, int64_t offset, int flags);
/// preadv2(2) of one piece; bytes read or -1.
ssize_t CLinux_read_at(int descriptor, void *address, size_t length, int64_t offset);
/// RWF_DSYNC: the write is durable when it ends.
extern const int CLinux_rwf_dsync;
/// Whether a file lies on an overlay: 1 or 0.
int CLinux_is_overlay(int descriptor);

/// sync_file_range(2): starts to write the dirty pages of a range out and does not wait for them. 0 or -1.
int CLinux_start_write_out(int descriptor, int64_t offset, int64_t length);
/// The same, and waits until all of the range is written out. 0, or -1 where a page could not be written.
int CLinux_wait_for_write_out(int descriptor, int64_t offset, int64_t length);
/// FS_NOCOW_FL on an empty file: btrfs overwrites it in place. 0 or -1.
int CLinux_set_no_copy_on_write(int descriptor);
/// statx(2) STATX_DIOALIGN: what O_DIRECT wants of addresses and of offsets, in bytes; both 0 where the file takes
/// none. 0, or -1 where the kernel does not say.
int CLinux_direct_alignment(int descriptor, uint32_t *memory, uint32_t *offset);
/// statx(2) STATX_MNT_ID: the mount's number in /proc/self/mountinfo, or -1.
int64_t CLinux_mount_id(int descriptor);
/// Writes a number of its own into each 4 KiB, so that no two blocks are the same.
void CLinux_stamp(void *address, size_t length, uint64_t first_stamp);

// ---- io_uring -------------------------------------------------------------------------------------------------------

/// A ring that one thread creates and uses; io_uring(7).
typedef struct CLinux_ring CLinux_ring;
/// What became of one operation: bytes moved, 0 of a sync, or a negative errno.
typedef struct {
    uint32_t slot;
    int32_t result;
} CLinux_ring_completion;
/// What the kernel granted.
typedef struct {
    uint32_t setup_flags;
    int has_absolute_timer;
    int has_file;
    int has_buffers;
} CLinux_ring_facts;

/// Creates a ring of up to `entries` operations in flight, with `workers` kernel threads at most; NULL and errno.
CLinux_ring *_Nullable CLinux_ring_create(uint32_t entries, uint32_t workers);
void CLinux_ring_destroy(CLinux_ring *ring);
/// Names the file of all operations and registers it; -1 where it stays unregistered, which is slower and works.
int CLinux_ring_use_file(CLinux_ring *ring, int descriptor);
/// Registers `count` buffers of `each` bytes, one a slot; -1 where they stay unregistered, which is slower and works.
int CLinux_ring_use_buffers(CLinux_ring *ring, void *base, size_t each, uint32_t count);
/// Queues a write or read of the slot's buffer; -1 where the ring is full. `flags` are RWF_ flags; `level` is a level
/// of the best-effort I/O class (ioprio_set(2)), below 0 for the thread's own priority.
int CLinux_ring_queue(
    CLinux_ring *ring, uint32_t slot, int is_write, void *address, uint32_t length, int64_t offset, int flags,
    int level);
/// Queues an fdatasync of the file; -1 where the ring is full.
int CLinux_ring_queue_sync(CLinux_ring *ring, uint32_t slot);
/// One io_uring_enter(2): submits what is queued and sleeps until `wait` completions are there; after `patience_us`, or
/// where the kernel knows no such patience (before Linux 6.12), until one is; until `deadline_ns` of CLOCK_MONOTONIC in
/// any case. 0, or -1 where the ring is of no more use.
int CLinux_ring_enter(CLinux_ring *ring, uint32_t wait, uint32_t patience_us, int64_t deadline_ns);
/// Takes up to `capacity` completions that are there; how many.
uint32_t CLinux_ring_reap(CLinux_ring *ring, CLinux_ring_completion *completions, uint32_t capacity);
void CLinux_ring_describe(const CLinux_ring *ring, CLinux_ring_facts *facts);

#pragma clang assume_nonnull end

#endif
#endif
