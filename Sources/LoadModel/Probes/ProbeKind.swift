// SPDX-License-Identifier: Apache-2.0

/// A kind of question that a probe asks; the raw value is its key in a profile.
///
/// Parser, schema and help take what they say of it from ``description``.
public enum ProbeKind: String, Sendable, CaseIterable {
    case http, tcp, dns, command, grpc, prometheus
    case process = "pid"
    case unit
}

/// What is known of a kind of probe.
public struct ProbeKindDescription: Sendable {
    /// What it asks and when the answer is good, for help.
    public let help: String
    /// What stands behind its key.
    public let target: Target
    /// An example of that.
    public let example: String
    /// What a text begins with that says it all, such as `http://localhost/`; empty where there is none.
    public var prefixes: [String] = []
    /// Whether the prefix is part of what is asked, as in a URL, and not only a word for the kind.
    public var isPrefixPart = false
    /// What can be said of it beside ``ProbeOption/general``.
    public var options: [ProbeOption] = []
    /// What a good answer may have to be, beside being there.
    public var conditions: [ProbeConditionKind] = [.within]

    /// What stands behind a kind's key.
    public enum Target: Sendable {
        /// `http://HOST[:PORT]/PATH`, `https://…`, `unix:/SOCKET:/PATH`.
        case url
        /// `HOST:PORT` or `unix:/SOCKET`.
        case endpoint
        /// A name.
        case name
        /// A program with its arguments.
        case arguments
        /// The number of a process.
        case processID

        /// What it is, for messages.
        public var words: String {
            switch self {
            case .url: "a URL"
            case .endpoint: "a host with its port, or a Unix socket,"
            case .name: "a name"
            case .arguments: "a program with its arguments as a list"
            case .processID: "the number of a process"
            }
        }
    }
}

extension ProbeKind {
    /// What is known of it.
    public var description: ProbeKindDescription {
        switch self {
        case .http:
            ProbeKindDescription(
                help: "an HTTP/1.1 request over TCP or a Unix socket; status 200-399 is good unless it says otherwise",
                target: .url, example: "http://localhost:8080/healthz", prefixes: ["http://", "https://", "unix:"],
                isPrefixPart: true, options: [.method, .headers, .body, .connection, .ca, .verify, .serverName],
                conditions: [.status, .body, .json, .within])
        case .tcp:
            ProbeKindDescription(
                help: "a connection, with what is sent and what must come back among the first 4096 bytes",
                target: .endpoint, example: "localhost:5432", prefixes: ["tcp://"], options: [.send, .expect])
        case .dns:
            ProbeKindDescription(
                help: "the addresses of a name, asked of the first name server; one must come, or the one expected",
                target: .name, example: "db.example.com", prefixes: ["dns:"], options: [.expect])
        case .command:
            ProbeKindDescription(
                help: "a program, started without a shell; exit code 0 is good, and it may print one number",
                target: .arguments, example: "[/usr/bin/app, --check]", options: [.value])
        case .grpc:
            ProbeKindDescription(
                help: "the gRPC health protocol (grpc.health.v1.Health/Check), without TLS; SERVING is good",
                target: .endpoint, example: "localhost:50051", prefixes: ["grpc://"], options: [.service])
        case .prometheus:
            ProbeKindDescription(
                help: "an instant query of a Prometheus server that comes to one number", target: .url,
                example: "http://localhost:9090",
                options: [.query, .value, .headers, .connection, .ca, .verify, .serverName])
        case .process:
            ProbeKindDescription(
                help: "whether a process is there", target: .processID, example: "1234", prefixes: ["pid:"])
        case .unit:
            ProbeKindDescription(
                help: "whether a systemd unit is active", target: .name, example: "nginx.service", prefixes: ["unit:"])
        }
    }

    /// All that can be said of it, in the order in which it is told.
    public var options: [ProbeOption] { ProbeOption.general + description.options }

    /// Whether it must read a number, whatever else is said.
    public var alwaysReadsNumber: Bool { self == .prometheus }
}

/// Something that can be said of a probe beside what it asks; the raw value is its key in a profile.
public enum ProbeOption: String, Sendable, CaseIterable {
    case every, timeout, good, method, headers, body, connection, ca, verify
    case serverName = "server-name"
    case send, expect, service, query, value

    /// Those of every kind.
    public static let general: [ProbeOption] = [.every, .timeout, .good]
}

/// What is known of an option of probes.
public struct ProbeOptionDescription: Sendable {
    /// What its value is.
    public enum Value: Sendable {
        /// A length of time, in ns, within a range.
        case duration(ClosedRange<Nanoseconds>)
        /// One of these words.
        case choice([String])
        /// `true` or `false`.
        case boolean
        /// Any text.
        case text
        /// The path of a file, relative to the profile's folder.
        case path
        /// One of ``ProbeConditionKind``, or several.
        case conditions
        /// Names with values, each of which may be a secret.
        case headers
    }

    /// What it says, for help.
    public let help: String
    /// What its value is.
    public let value: Value
    /// An example of a value.
    public let example: String
    /// What holds without it; `nil` where nothing does.
    public var defaultText: String?
}

extension ProbeOption {
    /// What is known of it.
    public var description: ProbeOptionDescription {
        switch self {
        case .every:
            ProbeOptionDescription(
                help: "the time from one due time to the next",
                value: .duration(ProbePlan.shortestTime...ProbePlan.longestPeriod), example: "100ms",
                defaultText: "100ms")
        case .timeout:
            ProbeOptionDescription(
                help: "after which time from its due time it is given up",
                value: .duration(ProbePlan.shortestTime...ProbePlan.longestTimeout), example: "1s", defaultText: "1s")
        case .good:
            ProbeOptionDescription(
                help: "what a good answer is, all of it: a text with 'and', or a list", value: .conditions,
                example: "status 200-299 and in 300ms")
        case .method:
            ProbeOptionDescription(
                help: "the method; POST where there is a body", value: .text, example: "HEAD", defaultText: "GET")
        case .headers:
            ProbeOptionDescription(
                help: "further headers; 'env:NAME' takes a value from the environment, 'file:PATH' the first line of a "
                    + "file; values are never logged",
                value: .headers, example: "env:TOKEN")
        case .body: ProbeOptionDescription(help: "what is sent as the body", value: .text, example: "ping")
        case .connection:
            ProbeOptionDescription(
                help: "keep asks over a connection that is there, new makes one each time, as callers of a service do "
                    + "that runs out of handles or ports; its time, a TLS handshake included, is part of the latency",
                value: .choice(ProbeConnection.allCases.map(\.rawValue)), example: "new",
                defaultText: ProbeConnection.keep.rawValue)
        case .ca:
            ProbeOptionDescription(
                help: "https: a file in PEM with the authorities to trust, in place of the system's", value: .path,
                example: "ca.pem")
        case .verify:
            ProbeOptionDescription(
                help: "https: whether the certificate must hold, and be of the server's name", value: .boolean,
                example: "false", defaultText: "true")
        case .serverName:
            ProbeOptionDescription(
                help: "https: the name that the certificate must be of, and that the server is told (SNI); the URL's "
                    + "host without it", value: .text, example: "shop.example.com")
        case .send: ProbeOptionDescription(help: "what is sent", value: .text, example: "PING")
        case .expect: ProbeOptionDescription(help: "what must come back", value: .text, example: "PONG")
        case .service:
            ProbeOptionDescription(
                help: "the service whose health is asked; the whole server's without it", value: .text,
                example: "shop.Cart")
        case .query: ProbeOptionDescription(help: "the query", value: .text, example: "sum(up)")
        case .value:
            ProbeOptionDescription(
                help: "it reads one number, of this unit", value: .choice(ProbeUnit.allCases.map(\.rawValue)),
                example: "seconds")
        }
    }
}

/// What becomes of a connection after an answer.
public enum ProbeConnection: String, Sendable, CaseIterable {
    case keep, new
}

/// What the number is of that a probe reads.
public enum ProbeUnit: String, Sendable, CaseIterable {
    case number, seconds, milliseconds, bytes, percent
}

/// What a good answer may have to be; the raw value is the word that it begins with.
public enum ProbeConditionKind: String, Sendable, CaseIterable {
    case status, body, json
    case within = "in"

    /// How it is written, for messages and for help.
    public var example: String {
        switch self {
        case .status: "status 200-299, 404"
        case .body: #"body contains "ready""#
        case .json: #"json .status == "UP""#
        case .within: "in 300ms"
        }
    }

    /// What it says.
    public var help: String {
        switch self {
        case .status: "the status is one of these"
        case .body: "the body contains this text"
        case .json: "the value at a path of names and indexes in a JSON body compares so"
        case .within: "the answer is complete within this time of its due time"
        }
    }
}
