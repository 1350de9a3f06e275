// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// Signals as a descriptor: nothing of ours ever runs in a signal handler.
///
/// SIGHUP that was ignored when the process began stays so: that is what `nohup(1)` does.
public final class SignalSource {
    private let descriptor: OwnedDescriptor
    private let signals: [Int32]
    private let keeper: Keeper?

    /// Blocks `signals` in the calling thread, and so in all that it starts, and collects them.
    ///
    /// - Parameter keeper: who is told when one was taken, and waits no more where others can see it.
    public init(_ signals: [Int32], telling keeper: Keeper? = nil) throws(Errno) {
        self.keeper = keeper
        // Blocked, an ignored signal would come all the same: sig_ignored() in kernel/signal.c.
        // Not so SIGINT: shells ignore it for all that they start in the background, and who sends it means it.
        let signals = signals.filter { $0 != SIGHUP || CLinux_is_ignored($0) == 0 }
        self.signals = signals
        descriptor = OwnedDescriptor(owning: try check(CLinux_signalfd(signals, signals.count)))
    }

    /// The descriptor to poll.
    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// The next signal that has arrived; `nil` where there is none.
    public func next() -> Int32? {
        let signal = CLinux_signalfd_read(descriptor.rawValue)
        if signal > 0 { keeper?.noteStop() }
        return signal > 0 ? signal : nil
    }
}

/// Signals that were blocked for a ``SignalSource`` and have come, after nobody reads that any more.
public enum PendingSignals {
    /// SIGHUP, SIGINT, SIGQUIT or SIGTERM, where it waits to be delivered; `nil` where none does.
    public static var ending: Int32? {
        var set = sigset_t()
        guard sigpending(&set) == 0 else { return nil }
        return [SIGHUP, SIGINT, SIGQUIT, SIGTERM].first { sigismember(&set, $0) == 1 }
    }
}
