// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// The limit whose use is meant: of a control group, of the user or of the host.
struct TaskLimit {
    /// The setting that carries which group on the way up it is; the stressor's processes read the same one.
    static let levelKey = "level"

    let meter: TaskMeter
    /// The limit as it was found.
    let room: TaskRoom
    /// The host's own limit, of which something is kept whatever limit is meant.
    private let host = TaskMeter.host()
    /// What is kept of it where another limit is meant.
    static let keptOfHost: Int64 = 64

    /// What it is, for people.
    var title: String {
        switch room.scope {
        case .group: "control group"
        case .user: "user"
        case .host: "system"
        }
    }

    /// Finds the limit that the settings speak of.
    ///
    /// - Parameter isShare: whether something is asked for that is of the limit: the host's is then only taken where
    ///   the settings say so, since nobody can log in while it is used up.
    /// - Throws: what is missing where there is no such limit.
    init(_ settings: Settings, isShare: Bool, host: HostFacts) throws(PlanProblem) {
        let found: TaskMeter? =
            switch settings.text("of") {
            case "cgroup": Self.tightest(host.cgroups)
            case "user": TaskMeter.user()
            case "system": TaskMeter.host()
            default: Self.tightest(host.cgroups) ?? (isShare ? nil : TaskMeter.user() ?? TaskMeter.host())
            }
        guard let found, let room = found.read() else { throw Self.missing(settings) }
        (meter, self.room) = (found, room)
    }

    /// The limit of the plan, in the stressor's process and in its witness; `nil` where it cannot be read any more.
    init?(planned settings: Settings) {
        let found: TaskMeter? =
            switch settings.text("of") {
            case "user": TaskMeter.user()
            case "system": TaskMeter.host()
            default: settings.text(Self.levelKey).flatMap(TaskMeter.group)
            }
        guard let found, let room = found.read() else { return nil }
        (meter, self.room) = (found, room)
    }

    /// The group on the way up that leaves the fewest: it refuses first.
    private static func tightest(_ cgroups: CgroupView) -> TaskMeter? {
        TaskMeter.groups(cgroups).min { ($0.read()?.unused ?? .max) < ($1.read()?.unused ?? .max) }
    }

    private static func missing(_ settings: Settings) -> PlanProblem {
        switch settings.text("of") {
        case "system":
            .unsupported("the number of processes cannot be read here (/proc/loadavg; ProcSubset=pid?)")
        case "user":
            .unsupported(
                "this user has no limit on processes: RLIMIT_NPROC is unlimited, or does not hold for root and for "
                    + "whoever has CAP_SYS_ADMIN or CAP_SYS_RESOURCE; run as another user, or take 'of: system'")
        default:
            TaskMeter.host()?.read() == nil
                ? .unsupported(
                    "no control group on the way up has a limit on processes (pids.max), and the host's number of "
                        + "them cannot be read here (/proc/loadavg; ProcSubset=pid?): name a group that has a limit "
                        + "with 'cgroup', or show this process all of /proc")
                : .unsupported(
                    "no control group on the way up has a limit on processes (pids.max): set one, name a group that "
                        + "has one with 'cgroup', give a count, or take 'of: system', which nobody can log in to "
                        + "while its limit is used up")
        }
    }

    /// What is never taken unless the profile says so: of a group or a user nothing, of the host 64 where it is meant,
    /// and an eighth where it was only found.
    func keepFree(_ settings: Settings) -> Int64 {
        if let written = settings.integer("keep-free") { return Int64(written) }
        guard room.scope == .host else { return 0 }
        return settings.text("of") == "system" ? Self.keptOfHost : room.kept
    }

    /// How many more may be taken of the host while this limit is used up; `nil` where this is the host's, or where
    /// nobody knows.
    var freeOfHost: Int64? {
        room.scope == .host ? nil : host?.read().map { max(0, $0.unused - Self.keptOfHost) }
    }

    /// What is in use of the limit now, and what may be taken.
    var use: TotalFollower.Use? {
        meter.read().map { .init(used: $0.used, free: min($0.unused, freeOfHost ?? .max)) }
    }

    /// The settings that tell processes and witness which limit it is.
    var settings: [String: SettingValue] {
        switch room.scope {
        case .group(let directory): ["of": .text("cgroup"), Self.levelKey: .text(directory)]
        case .user: ["of": .text("user")]
        case .host: ["of": .text("system")]
        }
    }

    /// Who lives under the limit now, exert included, for people.
    var inhabitants: String {
        guard case .group(let directory) = room.scope else { return "\(room.used) are there, exert's own included" }
        let commands = GroupTasks.commands(in: directory)
        let shown = commands.prefix(5).map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        let more = commands.count > 5 ? ", and others" : ""
        return "\(room.used) are there" + (shown.isEmpty ? "" : ": \(shown)\(more)")
    }
}

/// The processes of a control group and of those below it.
enum GroupTasks {
    /// As many groups are looked at.
    private static let mostGroups = 200

    /// The threads of each command, most first; at most ``mostGroups`` groups are looked at.
    static func commands(in directory: String) -> [(name: String, count: Int)] {
        var counts: [String: Int] = [:]
        var groups = [directory]
        var index = 0
        while index < groups.count, index < mostGroups {
            let group = groups[index]
            index += 1
            for line in (SmallFile.text("\(group)/cgroup.procs") ?? "").split(separator: "\n") {
                guard let status = try? SmallFile.bytes("/proc/\(line)/status") else { continue }
                let name = SmallFile.text("/proc/\(line)/comm") ?? "?"
                counts[name, default: 0] += Int(ByteScanner.integer(after: "Threads:", in: status[...]) ?? 1)
            }
            groups += below(group)
        }
        return counts.map { (name: $0.key, count: $0.value) }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
    /// The groups right below.
    private static func below(_ group: String) -> [String] {
        guard let folder = try? OwnedDescriptor.open(group, 0o200000 /* O_DIRECTORY */) else { return [] }
        return DirectoryReader.names(ofDescriptor: folder.rawValue).map { "\(group)/\($0)" }.filter {
            (try? OwnedDescriptor.open($0, 0o200000 /* O_DIRECTORY */)) != nil
        }
    }
}
