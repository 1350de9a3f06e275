// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// A process that ends our children where we cannot: told to stop, we may hang in a page fault, for which no memory is
/// left, or in a kernel file that does not answer.
///
/// It is small, touches no file system, and needs nothing later that it has not used at once. Where we do not run for
/// 0.4 s with SIGINT or SIGTERM waiting, it kills the children, whose memory may be what we wait for; where we still do
/// not run 0.4 s later, it kills us.
public final class Keeper {
    private let page: UnsafeMutablePointer<CLinux_keep>
    private let process: ForkedProcess

    /// Starts the process, which is bound to the calling thread; `nil` where that fails.
    public init?() {
        guard let page = CLinux_keep_create() else { return nil }
        self.page = page
        process = ForkedProcess(CLinux_fork_keeper(page))
        if process.id <= 0 { return nil }
    }

    deinit {
        end()
        CLinux_keep_destroy(page)
    }

    /// Says that we run.
    public func beat() { page.pointee.beat &+= 1 }

    /// Tells of children of ours.
    public func know(_ children: [Int32]) {
        for id in children where page.pointee.count < CLINUX_KEPT_CHILDREN {
            CLinux_keep_child(page, id)
        }
    }

    /// Ends it: there is nothing left to end.
    public func end() {
        if process.id > 0 { _ = process.abandon() }
    }
}
