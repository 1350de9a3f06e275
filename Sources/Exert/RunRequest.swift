// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem

/// What is to be run, and how.
///
/// Everything is written as in a profile or on the command line, so that there is one notation: `30s`, `50%`, `1GiB`.
public struct RunRequest: Codable, Hashable, Sendable {
    /// The YAML (or JSON) text of a profile; `nil` where ``load`` says what is asked.
    public var profile: String?
    /// What diagnostics call the profile's text.
    public var file: String
    /// Loads by kind of stressor, such as `cpu` and `50%`; empty where there is a profile.
    public var load: [String: String]
    /// Settings of those loads by `kind.key`, such as `cpu.mode` and `total`.
    public var set: [String: String]
    /// How long those loads last, such as `30s`.
    public var length: String?
    /// The time between two samples, `100ms` through `1h`.
    public var interval: String?
    /// For how long the run goes on when nobody renews it, such as `30s`; `nil` for as long as its profile says.
    public var lease: String?
    /// Labels that every line of the log carries.
    public var labels: [String: String]
    /// The W3C trace context that the run is a part of.
    public var traceparent: String?
    /// When the load is to begin (RFC 3339); `nil` for at once.
    public var startAt: String?
    /// What the run may touch; `nil` for whatever this user may.
    public var rules: SafetyRules?

    /// Asks for a profile.
    public init(profile: String, file: String = "<profile>") {
        self.init(profile: profile, file: file, load: [:])
    }

    /// Asks for loads without a profile, such as `["cpu": "50%"]` for `30s`.
    public init(load: [String: String], for length: String, set: [String: String] = [:]) {
        self.init(profile: nil, file: "<load>", load: load)
        self.length = length
        self.set = set
    }

    private init(profile: String?, file: String, load: [String: String]) {
        self.profile = profile
        self.file = file
        self.load = load
        set = [:]
        labels = [:]
    }
}

/// What a run may touch beyond CPU and memory of its own group.
///
/// Everything that is not named here is refused: directories for disks, inodes and traces, other control groups, other
/// processes' limits, what probes connect to or start, what is shared by the user or by everybody on the host.
public struct SafetyRules: Codable, Hashable, Sendable {
    /// How far a setting or a load can be felt, beyond directories, control groups and processes.
    public enum Reach: String, Codable, Sendable, CaseIterable {
        /// What all processes of the user share, such as their inotify instances.
        case user
        /// What everybody on the host shares, such as the system's table of open files.
        case host
        /// Other hosts.
        case network
        /// Devices, past the file systems that may be on them.
        case device
    }

    /// Directories in and below which files may be made and traces read: absolute, and without links.
    public var directories: [String]
    /// Control groups in and below which stressors may be, as a profile's `cgroup` names them.
    public var cgroups: [String]
    /// Whether other processes' limit of open files may be set (`target: { pid: N }`).
    public var allowsProcesses: Bool

    /// What probes may reach: `HOST:PORT`, `unix:PATH`, `dns:NAME`, `command:PROGRAM`, `pid:N` or `unit:NAME`.
    ///
    /// A `HOST` alone is all of its ports, and `*` behind the colon is anything of that kind.
    public var probes: [String]
    /// What else runs may reach.
    public var reaches: Set<Reach>
    /// How long a run may last, in seconds; `nil` for as long as profiles may.
    public var longestSeconds: Double?

    /// Creates rules; as they are, they allow nothing.
    ///
    /// Links in `directories` are followed now, and never again: what they lead to later is not allowed.
    public init(
        directories: [String] = [], cgroups: [String] = [], allowsProcesses: Bool = false, probes: [String] = [],
        reaches: Set<Reach> = [], longestSeconds: Double? = nil
    ) {
        self.directories = directories.map { RealPath.of($0) ?? $0 }
        self.cgroups = cgroups
        self.allowsProcesses = allowsProcesses
        self.probes = probes
        self.reaches = reaches
        self.longestSeconds = longestSeconds
    }

    /// Reads rules, which allow nothing that they do not name.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        directories = try members.decodeIfPresent([String].self, forKey: .directories) ?? []
        cgroups = try members.decodeIfPresent([String].self, forKey: .cgroups) ?? []
        allowsProcesses = try members.decodeIfPresent(Bool.self, forKey: .allowsProcesses) ?? false
        probes = try members.decodeIfPresent([String].self, forKey: .probes) ?? []
        reaches = try members.decodeIfPresent(Set<Reach>.self, forKey: .reaches) ?? []
        longestSeconds = try members.decodeIfPresent(Double.self, forKey: .longestSeconds)
    }
}
