// SPDX-License-Identifier: Apache-2.0

#if Server
public import Exert

/// How a server is set up.
public struct ServerOptions: Sendable {
    /// Where it listens.
    public var address: ListenAddress
    /// What callers must present; `nil` where everybody who reaches the address may call.
    public var token: String?
    /// The files of certificate and key in PEM; `nil` for plain HTTP.
    public var tls: (certificate: String, key: String)?
    /// What runs may touch; `nil` for whatever this user may.
    public var rules: SafetyRules?
    /// The lease of runs that name none, such as `30s`; `nil` for none.
    public var lease: String?
    /// How many runs may go on at a time.
    public var maxRuns = 8
    /// The directory of the profiles that are offered, a path without links; `nil` where there are none.
    public var profiles: String?
    /// The binary that runs are observed by.
    public var executable: String
    /// The version that metrics name.
    public var version: String
    /// The kinds of stressor, in the order in which they are shown.
    public var stressors: [StressorKind] = []
    /// How long the load of a profile lasts, in seconds; `nil` where its text is no profile.
    public var profileLength: @Sendable ([UInt8]) -> Double? = { _ in nil }

    /// A kind of stressor.
    public struct StressorKind: Sendable {
        /// Its name in profiles.
        public var kind: String
        /// The unit of its figures, as the log spells it.
        public var unit: String
        /// One line on what it exerts.
        public var summary: String
        /// How far its load can be felt, such as `own-process`.
        public var reach: String

        /// Creates a kind.
        public init(kind: String, unit: String, summary: String, reach: String) {
            self.kind = kind
            self.unit = unit
            self.summary = summary
            self.reach = reach
        }
    }

    /// Creates options for a server at `address`.
    public init(address: ListenAddress, executable: String, version: String) {
        self.address = address
        self.executable = executable
        self.version = version
    }
}

/// Where a server listens.
public enum ListenAddress: Hashable, Sendable {
    /// A host name or address, and a port; port 0 is any that is free.
    case tcp(host: String, port: Int)
    /// A Unix socket.
    case unix(path: String)

    /// Whether only this machine can reach it.
    public var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): LoopbackName.isLoopback(host)
        }
    }

    /// Reads `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`; `nil` where it is none of them.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: port)
    }
}

/// The names that a machine has for itself.
enum LoopbackName {
    /// Whether `host`, an address without brackets or a name, is one of them.
    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        // 127.0.0.0/8, written out; what an inet_aton would take besides is for nobody.
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
#endif
