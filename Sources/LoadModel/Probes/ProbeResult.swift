// SPDX-License-Identifier: Apache-2.0

/// What one probe came to: every due time has exactly one.
///
/// Times are those of `CLOCK_MONOTONIC`, in ns.
public struct ProbeResult: Hashable, Sendable {
    /// Which probe of the plan it is, from 0.
    public var probe: Int
    /// Which of its due times, from 0.
    public var number: Int64
    /// When it was due: the first due time plus so many periods, whatever happened before.
    public var due: Nanoseconds
    /// When it was sent; the difference to ``due`` is the prober's own lateness.
    public var sent: Nanoseconds
    /// When the answer was complete, or when it was given up.
    public var done: Nanoseconds
    /// What came.
    public var outcome: ProbeOutcome
    /// The number that a probe of a number read; `nil` where there is none.
    public var value: Double?

    /// Creates a result.
    public init(
        probe: Int, number: Int64, due: Nanoseconds, sent: Nanoseconds, done: Nanoseconds, outcome: ProbeOutcome,
        value: Double? = nil
    ) {
        self.probe = probe
        self.number = number
        self.due = due
        self.sent = sent
        self.done = done
        self.outcome = outcome
        self.value = value
    }

    /// How long whoever asked had to wait, from when the probe was due; a timeout is the least that it took.
    public var latency: Nanoseconds { done - due }
    /// How late the prober itself was.
    public var lateness: Nanoseconds { sent - due }
    /// What the service took, from when it was asked.
    public var serviceTime: Nanoseconds { done - sent }
}

/// How a probe ended; the raw value is its name in the log.
public enum ProbeOutcome: String, Codable, Sendable, CaseIterable {
    /// It was answered in time, and as expected.
    case good
    /// It was answered as expected, and later than the probe calls good.
    case slow
    /// No complete answer within the time limit: the latency is known to be that much at least.
    case timeout
    /// Nobody listens, `ECONNREFUSED`, or there is no such socket.
    case refused
    /// The connection was reset or closed before the answer was complete.
    case reset
    /// No way there: `ENETUNREACH`, `EHOSTUNREACH`.
    case unreachable
    /// The name has no address, or the resolver did not answer as expected.
    case dns
    /// The TLS handshake failed, or the certificate does not hold.
    case tls
    /// The status, or a command's exit code, is not one that is good.
    case status
    /// The body, or what came over a TCP connection, is not as expected.
    case body
    /// What came is no answer of the protocol.
    case protocolError = "protocol"
    /// The prober had no descriptor, port or process left for it, so that it was not asked: the load may be the reason.
    /// It counts as withdrawn.
    case noResource = "no_resource"
    /// As many were in flight as may be; it was not sent.
    case busy
    /// The prober itself was kept from running: what it saw then is withdrawn, and neither good nor bad.
    case withdrawn

    /// It as people are told: `no resource`.
    public var words: String {
        switch self {
        case .protocolError: "no answer of the protocol"
        case .noResource: "no resource"
        default: rawValue
        }
    }

    /// Whether the service did well.
    public var isGood: Bool { self == .good }
    /// Whether it says something of the service at all: what the prober itself lacked is not the service's fault.
    public var isOfService: Bool { self != .withdrawn && self != .noResource }
    /// Whether the latency is only known to be as much at least.
    public var isCensored: Bool { self == .timeout || self == .busy }
}
