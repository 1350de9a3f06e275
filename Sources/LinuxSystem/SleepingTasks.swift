// SPDX-License-Identifier: Apache-2.0

internal import CLinux
public import SystemPackage

/// Threads of this process that sleep and do nothing; all have ended when their owner is gone.
///
/// Each is a bare clone(2) with a stack of 1 KiB, whose kernel side (its stack and `task_struct`) takes some 25 KiB.
public struct SleepingTasks: ~Copyable {
    private let tasks: OpaquePointer

    /// Makes room for `most` threads.
    ///
    /// - Throws: `ENOMEM`.
    public init(most: Int) throws(Errno) {
        guard let tasks = CLinux_tasks_create(most) else { throw .noMemory }
        self.tasks = tasks
    }

    deinit { CLinux_tasks_destroy(tasks) }

    /// How many are held.
    public var count: Int { CLinux_tasks_count(tasks) }

    /// Makes `count` more, as far as that goes.
    ///
    /// - Throws: why it made fewer, `EAGAIN` where a limit is reached; those that were made are held.
    public mutating func grow(by count: Int) throws(Errno) {
        var error: Int32 = 0
        if CLinux_tasks_grow(tasks, count, &error) < count { throw Errno(rawValue: error) }
    }

    /// Ends `count`; their numbers are free a moment after it returns.
    public mutating func shrink(by count: Int) { CLinux_tasks_shrink(tasks, count) }
}
