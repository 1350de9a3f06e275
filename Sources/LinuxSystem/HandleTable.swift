// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// Open handles of this process that are held and do nothing; all are closed when their owner is gone.
public struct HandleTable: ~Copyable {
    /// What is opened.
    public enum Kind: String, CaseIterable, Sendable {
        /// A duplicate of one descriptor: takes a number of the process and no open file of the system.
        case dup
        /// `open("/", O_PATH)`: the lightest open file.
        case path
        /// `open("/dev/null")`.
        case file
        /// `eventfd(2)`.
        case eventfd
        /// `pipe2(2)`, two handles each; an odd one is a path.
        case pipe
        /// An unbound Unix datagram socket.
        case socket
        /// `epoll_create1(2)`.
        case epoll
        /// `inotify_init1(2)`, of which a user may have few (`fs.inotify.max_user_instances`).
        case inotify

        fileprivate var code: Int32 {
            let code =
                switch self {
                case .dup: CLINUX_HANDLE_DUP
                case .path: CLINUX_HANDLE_PATH
                case .file: CLINUX_HANDLE_FILE
                case .eventfd: CLINUX_HANDLE_EVENTFD
                case .pipe: CLINUX_HANDLE_PIPE
                case .socket: CLINUX_HANDLE_SOCKET
                case .epoll: CLINUX_HANDLE_EPOLL
                case .inotify: CLINUX_HANDLE_INOTIFY
                }
            return Int32(code.rawValue)
        }
    }

    /// How many are opened by one call into C.
    private static let chunk = 1024

    /// What is opened.
    public let kind: Kind
    /// How many handles are held.
    public private(set) var count = 0
    /// The numbers held, in the order in which they were opened: others may open descriptors in between.
    private var runs: [ClosedRange<Int32>] = []
    /// What a dup duplicates; -1 for the other kinds.
    private let source: Int32
    private let numbers: UnsafeMutablePointer<Int32>

    /// Creates an empty table; for ``Kind/dup`` it opens one descriptor of its own, which is not counted.
    public init(of kind: Kind) throws(Errno) {
        source = kind == .dup ? try check(open("/", 0o10_000_000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC)) : -1
        self.kind = kind
        numbers = .allocate(capacity: Self.chunk)
        runs.reserveCapacity(64)
    }

    deinit {
        for run in runs { CLinux_close_range(run.lowerBound, run.upperBound) }
        if source >= 0 { close(source) }
        numbers.deallocate()
    }

    /// Opens `amount` more.
    ///
    /// - Throws: the `Errno` of the first that is refused; those before it are held and counted.
    public mutating func grow(by amount: Int) throws(Errno) {
        var left = amount
        while left > 0 {
            var error: Int32 = 0
            let wanted = min(left, Self.chunk)
            let opened = CLinux_open_handles(kind.code, source, numbers, wanted, &error)
            for index in 0..<opened { append(numbers[index]) }
            count += opened
            left -= opened
            if opened < wanted { throw Errno(rawValue: error) }
        }
    }

    private mutating func append(_ number: Int32) {
        if let last = runs.indices.last, runs[last].upperBound + 1 == number {
            runs[last] = runs[last].lowerBound...number
        } else {
            runs.append(number...number)
        }
    }

    /// Closes the last `amount`, or all where there are fewer.
    public mutating func shrink(by amount: Int) {
        var left = min(amount, count)
        count -= left
        while left > 0, let run = runs.popLast() {
            let closed = min(left, run.count)
            let first = run.upperBound - Int32(closed) + 1
            CLinux_close_range(first, run.upperBound)
            if first > run.lowerBound { runs.append(run.lowerBound...(first - 1)) }
            left -= closed
        }
    }
}

extension CurrentProcess {
    /// Raises this process's limit on open files to its hard limit and returns that.
    ///
    /// The corresponding C function is `prlimit`.
    public static func raiseOpenFileLimit() throws(Errno) -> UInt64 {
        let limit = try OpenFileLimit.of(processID: 0)
        if limit.soft < limit.hard { try OpenFileLimit.setSoft(limit.hard, ofProcess: 0) }
        return limit.hard
    }

    /// Makes the descriptor table large enough for `count` descriptors, once.
    ///
    /// Each doubling of a table that threads share waits for an RCU grace period: 20,000 handles take 380 ms with them
    /// and 22 ms without.
    public static func expandDescriptorTable(to count: Int) throws(Errno) {
        _ = try check(CLinux_expand_descriptor_table(Int32(clamping: max(0, count - 1))))
    }
}
