// SPDX-License-Identifier: Apache-2.0

/// One question that is asked of the system under test at a fixed rate.
public struct ProbePlan: Hashable, Sendable {
    /// Its name in the profile.
    public var name: String
    /// What is asked.
    public var question: ProbeQuestion
    /// The time between two due times.
    public var every: Nanoseconds
    /// After which time it is given up.
    public var timeout: Nanoseconds
    /// Until when an answer is good; `nil` where any answer within the timeout is.
    public var goodWithin: Nanoseconds?
    /// What the number is of that it reads; `nil` of a probe that reads none, and is judged by its latency.
    public var unit: ProbeUnit?
    /// Where it stands in the file.
    public var mark: SourceMark

    /// The shortest period and the shortest time limit, in ns.
    public static let shortestTime = Nanoseconds.millisecond
    /// The longest period, in ns.
    public static let longestPeriod = 3600 * Nanoseconds.second
    /// The longest time limit, in ns: what takes longer is not told apart.
    public static let longestTimeout = LatencyScale.highest
    /// The most that may be in flight at a time.
    public static let inFlightLimit = 4096

    /// Creates a probe.
    public init(
        name: String, question: ProbeQuestion, every: Nanoseconds, timeout: Nanoseconds,
        goodWithin: Nanoseconds? = nil, unit: ProbeUnit? = nil, mark: SourceMark
    ) {
        self.name = name
        self.question = question
        self.every = every
        self.timeout = timeout
        self.goodWithin = goodWithin
        self.unit = unit
        self.mark = mark
    }

    /// Whether it is asked over TLS.
    public var isEncrypted: Bool { question.http.map { $0.security != .none } ?? false }
    /// Whether whoever answers is taken for the service, since its certificate is not verified.
    public var isUnverified: Bool { question.http?.security == .unverified }

    /// As many may be in flight at a time: each ends at its timeout, so that nothing is ever queued.
    public var mostInFlight: Int { Int((timeout + every - 1) / max(1, every)) + 1 }
}

/// What a probe asks, and what a good answer is.
public enum ProbeQuestion: Hashable, Sendable {
    /// An HTTP/1.1 request.
    case http(HTTPQuestion)
    /// A connection, with what is sent and what must come back within its first bytes.
    case tcp(endpoint: ProbeEndpoint, send: String?, expect: String?)
    /// The addresses of a name; at least one must come, or the one that is expected.
    case dns(name: String, expect: String?)
    /// A program with its arguments, without a shell: exit code 0 is good; with `readsNumber` it prints one number.
    case command(arguments: [String], readsNumber: Bool)
    /// The gRPC health protocol, `grpc.health.v1.Health/Check`.
    case grpc(endpoint: ProbeEndpoint, service: String)
    /// An instant query that comes to one number.
    case prometheus(HTTPQuestion, query: String)
    /// Whether a process is there.
    case process(id: Int32)
    /// Whether a systemd unit is active.
    case unit(name: String)

    /// Which kind it is.
    public var kind: ProbeKind {
        switch self {
        case .http: .http
        case .tcp: .tcp
        case .dns: .dns
        case .command: .command
        case .grpc: .grpc
        case .prometheus: .prometheus
        case .process: .process
        case .unit: .unit
        }
    }

    /// What is reached, in the words of rules that allow it.
    ///
    /// `HOST:PORT` or `unix:PATH` of a connection, `dns:NAME`, `command:PROGRAM`, `pid:N`, `unit:NAME`.
    public var target: String {
        switch self {
        case .http(let question), .prometheus(let question, _): question.endpoint.target
        case .tcp(let endpoint, _, _), .grpc(let endpoint, _): endpoint.target
        case .dns(let name, _): "dns:\(name)"
        case .command(let arguments, _): "command:\(arguments.first ?? "")"
        case .process(let id): "pid:\(id)"
        case .unit(let name): "unit:\(name)"
        }
    }

    /// Whether a header's value, or an authority's certificate, is read from a file or a variable of exert's own.
    public var readsSecrets: Bool { http?.readsSecrets ?? false }

    /// The request over HTTP; `nil` where it is none.
    public var http: HTTPQuestion? {
        switch self {
        case .http(let http), .prometheus(let http, _): http
        default: nil
        }
    }
}

/// Where a probe connects to.
public enum ProbeEndpoint: Hashable, Sendable {
    /// A host, by name or address, and a port.
    case host(String, port: UInt16)
    /// A Unix socket.
    case unix(path: String)

    var target: String {
        switch self {
        case .host(let name, let port): name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// An HTTP request and what a good answer to it is.
public struct HTTPQuestion: Hashable, Sendable {
    /// Where it is sent.
    public var endpoint: ProbeEndpoint
    /// Whether over TLS, and whether the certificate must hold.
    public var security: Security = .none
    /// The method, such as `GET`.
    public var method = "GET"
    /// Path and query, beginning with a slash.
    public var path = "/"
    /// The value of the `Host` header.
    public var host: String
    /// The name that the certificate must be of, and that the server is told (RFC 6066, 3); `nil` where it is the
    /// endpoint's.
    public var serverName: String?
    /// Further headers; a value may be a secret, and is never logged.
    public var headers: [Header] = []
    /// The body that is sent.
    public var body: String?
    /// Whether one connection is kept, or each probe makes its own.
    public var keepsConnection = true
    /// The status codes that are good.
    public var goodStatus: [ClosedRange<Int>] = [200...399]
    /// Text that the body must contain.
    public var bodyContains: String?
    /// A value in a JSON body, and what it must be.
    public var json: JSONCondition?

    /// Whether and how the connection is encrypted.
    public enum Security: Hashable, Sendable {
        /// Plain.
        case none
        /// TLS with a certificate that holds, by the system's authorities or those in a file.
        case verified(authorities: String?)
        /// TLS with any certificate.
        case unverified
    }

    /// A header; where its value comes from.
    public struct Header: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its value, or where that is read once, before the load.
        public var value: Value

        /// Where a value comes from.
        public enum Value: Hashable, Sendable {
            /// As the profile writes it.
            case text(String)
            /// A variable of the environment.
            case environment(String)
            /// A file's first line.
            case file(String)
        }

        /// Creates a header.
        public init(name: String, value: Value) {
            self.name = name
            self.value = value
        }
    }

    var readsSecrets: Bool {
        if case .verified(_?) = security { return true }
        return headers.contains { if case .text = $0.value { false } else { true } }
    }

    /// Creates a request.
    public init(endpoint: ProbeEndpoint, host: String) {
        self.endpoint = endpoint
        self.host = host
    }
}

/// A path of names and indexes in a JSON text, and what stands there.
public struct JSONCondition: Hashable, Sendable {
    /// One step of the path.
    public enum Step: Hashable, Sendable {
        /// The member of an object.
        case name(String)
        /// The element of an array, from 0.
        case index(Int)
    }

    /// What it is compared with.
    public enum Value: Hashable, Sendable {
        /// A string.
        case text(String)
        /// A number.
        case number(Double)
        /// `true` or `false`.
        case boolean(Bool)
        /// `null`.
        case null
    }

    /// How it is compared.
    public enum Comparison: String, Hashable, Sendable, CaseIterable {
        case equal = "==", notEqual = "!=", below = "<", atMost = "<=", above = ">", atLeast = ">="
    }

    /// Where the value stands.
    public var path: [Step]
    /// How it is compared.
    public var comparison: Comparison
    /// With what.
    public var value: Value

    /// Creates a condition.
    public init(path: [Step], comparison: Comparison, value: Value) {
        self.path = path
        self.comparison = comparison
        self.value = value
    }
}
