// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import LoadModel
public import SystemPackage

/// What an observer stands in: clocks, waiting, and the processes of its stressors.
///
/// The kernel's is the one in use. Benchmarks and tests put another in its place, where time is a number and no process
/// carries load: a day then passes in seconds, while all that the observer itself does stays what it is.
@_spi(Benchmarks)
public protocol RunWorld: AnyObject {
    /// Nanoseconds of a clock that nobody sets, `CLOCK_MONOTONIC`.
    var monotonic: Nanoseconds { get }
    /// Nanoseconds since the Unix epoch, `CLOCK_REALTIME`.
    var wall: Nanoseconds { get }
    /// The file that counts the processors' time, `/proc/stat`; a world without processors names one that is not there.
    var processorTimes: String { get }
    /// Sleeps until a descriptor is readable, which is `true`, or until ``monotonic`` has reached `deadline`.
    func wait(for poll: inout EventPoll, until deadline: Nanoseconds) -> Bool
    /// Sleeps until a descriptor is readable, for `milliseconds` at most.
    func wait(for descriptors: [Int32], milliseconds: Int32)
    /// Starts who ends the stressors where the observer cannot; `nil` where the world needs none.
    func keeper() throws(Errno) -> Keeper?
    /// Starts a stressor's process; its descriptor 3 is what it shares with the observer.
    func start(arguments: [String], descriptors: [Int32?]) throws(Errno) -> any StressorChild
}

/// A process that carries a stressor, as its parent sees it.
@_spi(Benchmarks)
public protocol StressorChild: AnyObject {
    /// The process.
    var id: Int32 { get }
    /// Readable when it has ended; negative where there is no such descriptor.
    var pidDescriptor: Int32 { get }
    /// Whether it has ended, whether somebody has waited for it or not.
    var hasEnded: Bool { get }
    /// How it ended; `nil` while it runs.
    func poll() -> ChildProcess.End?
    /// Sends it a signal.
    func send(signal: Int32)
    /// What is wrong with `/proc` where it does not show this process by its number; `nil` where nothing is.
    var procProblem: ProcMount.Problem? { get }
}

@_spi(Benchmarks) extension RunWorld {
    /// None: another world has no processes.
    public func keeper() -> Keeper? { nil }
}

@_spi(Benchmarks) extension StressorChild {
    /// What ``poll()`` says, which in another world has no effect on `/proc`.
    public var hasEnded: Bool { poll() != nil }
    /// Nothing: another world has no `/proc`.
    public var procProblem: ProcMount.Problem? { nil }
}

@_spi(Benchmarks) extension ChildProcess: StressorChild {}

/// The world of real runs.
final class KernelWorld: RunWorld {
    var monotonic: Nanoseconds { Clocks.monotonic }
    var wall: Nanoseconds { Clocks.wall }
    let processorTimes = "/proc/stat"

    func wait(for poll: inout EventPoll, until deadline: Nanoseconds) -> Bool { poll.wait(until: deadline) }

    func wait(for descriptors: [Int32], milliseconds: Int32) {
        _ = EventPoll.wait(descriptors, timeout: milliseconds)
    }

    func keeper() throws(Errno) -> Keeper? { try Keeper() }

    func start(arguments: [String], descriptors: [Int32?]) throws(Errno) -> any StressorChild {
        // Who reads our output is not to wait for a stressor that does not end: it has none of its own.
        let null = try OwnedDescriptor.open("/dev/null", 2 /* O_RDWR */)
        return try ChildProcess(
            arguments: arguments, descriptors: [null.rawValue, null.rawValue] + descriptors.dropFirst(2))
    }
}

/// The workers of a process that is none: what another world moves in place of real ones.
@_spi(Benchmarks)
public struct StandInWorkers {
    private let pages: RunPages
    /// What each of them says of itself.
    public var gauges: [Gauge] { pages.gauges }
    /// When the load begins, in ns of ``RunWorld/monotonic``; 0 before that is known.
    public var start: Nanoseconds { pages.start }
    /// CPU time of the observer that counts as theirs, in ns.
    public var observerShare: Nanoseconds { pages.observerShare }
    /// The target as it stands; `nil` where it cannot be read.
    public var curve: Curve? { pages.edition()?.curve }
    /// Until when the lease lasts, in ns of ``RunWorld/monotonic``; 0 where there is none.
    public var leaseEnd: Nanoseconds { pages.leaseEnd }
    /// Whether they are told to end.
    public var isStopping: Bool { pages.control.state == .stop }

    /// Takes what the observer shares through `descriptor`; `nil` where that is something else.
    public init?(descriptor: Int32) {
        guard let (pages, _) = RunPages.attach(descriptor: descriptor) else { return nil }
        self.pages = pages
    }

    /// Tells the observer that all of them may begin.
    public func becomeReady() { for _ in pages.gauges { pages.countReady() } }
}

extension Observer {
    /// Prepares the run of `plan`.
    ///
    /// - Parameters:
    ///   - sink: is given every event, in order.
    ///   - display: is given the last second of every stressor at 10 Hz; `nil` where nobody looks.
    public convenience init(
        _ plan: Plan, host: HostFacts, description: HostDescription, options: Options,
        sink: @escaping (TimedEvent) -> Void, display: ((Sample) -> Void)?
    ) throws(ObserverFailure) {
        try self.init(
            plan, host: host, description: description, options: options, world: KernelWorld(), sink: sink,
            display: display)
    }
}
