// SPDX-License-Identifier: Apache-2.0
// What may never come back, done by a process of its own.
#ifndef CLINUX_ASIDE_H
#define CLINUX_ASIDE_H
#ifdef __linux__

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// What may be asked.
enum CLinux_ask {
    /// open(2) of the directory `name`, which later questions are about.
    CLINUX_ASK_OPEN,
    /// fstatvfs(3) of that directory, to `space`.
    CLINUX_ASK_SPACE,
    /// fstatat(2) of `name` below `descriptor`, symbolic links followed, to `device` and what follows it.
    CLINUX_ASK_FILE,
    /// The number of entries of `name` below that directory and of itself, to `entries`; 0 where it is not there.
    CLINUX_ASK_ENTRIES,
    /// Whether the file system of `name`, from the root, answers who reads there; it need not be there.
    CLINUX_ASK_TO_READ,
    /// The same of who makes or changes something there; nothing is.
    CLINUX_ASK_TO_WRITE,
};

/// How many children a keeper knows at most.
enum { CLINUX_KEPT_CHILDREN = 1000 };

/// What is shared with the process that does it.
struct CLinux_aside {
    /// Numbers of the last question and of the last answer.
    uint32_t asked;
    uint32_t answered;
    int32_t kind;
    int32_t descriptor;
    /// errno of the last answer, or of the first write that failed; 0 where it did not.
    int32_t error;
    /// Bytes that were written.
    int64_t written;
    /// Whether the file that is written to has lost its last name, or became shorter than what was written.
    int32_t is_removed;
    int32_t is_cut;
    int32_t was_named;
    int64_t entries;
    /// Of a file: st_dev, st_ino, st_mode, st_blocks.
    uint64_t device;
    uint64_t inode;
    uint32_t mode;
    int64_t blocks;
    /// st_mtim in ns.
    int64_t modified;
    /// Of a file system: f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail.
    uint64_t space[7];
};

/// Shared memory for one such process; NULL on failure.
struct CLinux_aside *_Nullable CLinux_aside_create(void);
void CLinux_aside_destroy(struct CLinux_aside *page);
/// Forks a process that copies `input` to `output` to its end: whole lines where `by_lines`. A write that fails ends
/// the writing and not the reading. At the end it gives back blocks behind the end of the file where `gives_back`.
pid_t CLinux_fork_writer(struct CLinux_aside *page, int input, int output, int by_lines, int gives_back);
/// Forks a process that answers questions, and ends with its parent. It has the descriptors `kept` and no others.
pid_t CLinux_fork_answerer(struct CLinux_aside *page, const int *kept, size_t count);
/// Asks for `kind` of `name`, below `descriptor`, and waits for `patience` ns at most; whether there was an answer. The
/// last question must have been answered. ENAMETOOLONG is an answer.
int CLinux_aside_ask(struct CLinux_aside *page, int kind, int descriptor, const char *name, int64_t patience);
/// Whether the last question is answered.
int CLinux_aside_is_answered(struct CLinux_aside *page);

/// What a process shares with its keeper.
struct CLinux_keep {
    /// Moves as long as the process runs.
    uint32_t beat;
    uint32_t is_over;
    /// Whether it knows that it is to end: the signal that said so waits no more.
    uint32_t is_told;
    /// Whether it has given everything back, and only ends.
    uint32_t is_ending;
    /// Whether its keeper has all that it needs.
    uint32_t is_ready;
    /// Its children.
    int32_t count;
    pid_t children[CLINUX_KEPT_CHILDREN];
};

/// Shared memory for a keeper; NULL on failure.
struct CLinux_keep *_Nullable CLinux_keep_create(void);
void CLinux_keep_destroy(struct CLinux_keep *page);
/// Tells the keeper of a child.
void CLinux_keep_child(struct CLinux_keep *page, pid_t child);
/// Forks a process that kills the caller's children where it does not run although a signal is to end it, and then the
/// caller itself. It ends with the caller, or when that is over.
pid_t CLinux_fork_keeper(struct CLinux_keep *page);

/// Forks: the child returns; the caller, which is the first process of its namespace, reaps whatever ends, passes
/// signals on to the child, and ends as it does. Returns to the caller where fork(2) fails.
void CLinux_divide_init(void);

#pragma clang assume_nonnull end
#endif
#endif
