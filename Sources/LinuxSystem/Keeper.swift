// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A process that ends our children where we cannot: told to stop, we may hang in a page fault, for which no memory is
/// left, or in a kernel file that does not answer.
///
/// It is small, touches no file system, and needs nothing later that it has not used at once. Where we do not run for
/// 0.4 s with SIGINT or SIGTERM waiting, it kills the children, whose memory may be what we wait for; where we still do
/// not run 0.4 s later, it kills us.
public final class Keeper {
    private let page: UnsafeMutablePointer<CLinux_keep>
    private let process: ForkedProcess
    /// How long it may take to get ready, in ms.
    private static let patience: Int64 = 5000
    /// The process, where it hangs itself for want of what it needs.
    public private(set) var hung: HungProcess?

    /// Starts the process, and waits until it has all that it needs.
    ///
    /// It is bound to the calling thread, which must not yet block the signals that are to end it.
    ///
    /// - Throws: where it cannot be started, as in a group without memory for it.
    public init() throws(Errno) {
        guard let page = CLinux_keep_create() else { throw Errno(rawValue: errno) }
        let id = CLinux_fork_keeper(page)
        guard id > 0 else {
            let error = Errno(rawValue: errno)
            CLinux_keep_destroy(page)
            throw error
        }
        self.page = page
        process = ForkedProcess(id)
        let deadline = Clocks.monotonic + Self.patience * 1_000_000
        while page.pointee.is_ready == 0 {
            if Clocks.monotonic >= deadline || process.hasEnded(within: 0) {
                hung = HungProcess(process.id)
                return
            }
            usleep(200)
        }
    }

    deinit {
        end()
        CLinux_keep_destroy(page)
    }

    /// Says that we are to end, and know it.
    public func noteStop() { page.pointee.is_told = 1 }

    /// Says that nothing is held any more: from now on it ends us only where we hang.
    public func noteRelease() { page.pointee.is_ending = 1 }

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
