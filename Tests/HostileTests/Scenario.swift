// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// One hostile scenario: what is asked for, what is done to it, what the kernel must see, and what exert must say.
///
/// Its twin is the same without ``acts``, or with the feasible ``twin``; it must end `met`, exit 0, and the kernel must
/// see the load.
struct Scenario: Sendable {
    /// What happens, in words.
    var name: String
    /// The kind of stressor that it is about.
    var kind: String
    /// What exert is asked for.
    var request: Request
    /// What is made for it before, and removed after it.
    var needs: [Need] = []
    /// What is done to both, the twin included.
    var always: [Act] = []
    /// What is done to it and not to the twin.
    var acts: [Act]
    /// What the kernel must say of it.
    var sees: [Sight]
    /// What exert must say of it.
    var must: Must
    /// What the twin asks for, where that is not the same.
    var twin: Request?
    /// What the kernel must say of the twin.
    var twinSees: [Sight]
    /// Whether nothing runs beside it, not even its twin: it wants all of a processor, or burns all of one.
    var isAlone: Bool

    init(
        _ kind: String, _ name: String, _ request: Request, needs: [Need] = [], always: [Act] = [], acts: [Act] = [],
        sees: [Sight], must: Must, twin: Request? = nil, twinSees: [Sight], isAlone: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.request = request
        self.needs = needs
        self.always = always
        self.acts = acts
        self.sees = sees
        self.must = must
        self.twin = twin
        self.twinSees = twinSees
        self.isAlone = isAlone
    }

    /// All of them.
    static let all =
        cpuStopped + cpuLimited + cpuShaped + memory + memoryShaped + memoryBandwidth + fileHandles + processes
        + diskSpace + inodes
        + diskBandwidth + diskBandwidthShaped + diskWitnessed + guards + probed

    /// How many of a kind run at a time, each with its twin, so that none is another's noise.
    static func sideBySide(_ kind: String) -> Int {
        switch kind {
        case "cpu", "memory-bandwidth": 1
        // Each new page is the hypervisor's to back, and the processors' to fill.
        case "memory": 2
        // One device takes the operations of all.
        case "disk-bandwidth": 3
        // They take next to nothing of a processor.
        default: 5
        }
    }
}

extension Scenario: CustomTestStringConvertible {
    var testDescription: String { "\(kind): \(name)" }
}

/// What exert is asked for.
///
/// `{disk}`, `{neighbour}`, `{path}` and names of controllers such as `{cpu}` stand for what ``Need``s have made.
struct Request: Sendable {
    /// The arguments of `exert run`.
    var arguments: [String] = []
    /// A profile's YAML, where there is one.
    var profile: String?
    /// How long the load lasts, in seconds.
    var seconds: Double

    /// One load, with settings such as `directory={disk}`.
    static func load(_ load: String, _ settings: String..., seconds: Double) -> Request {
        let kind = load.prefix { $0 != "=" }
        return Request(
            arguments: ["--load", load, "--for", "\(Int(seconds * 1000))ms"]
                + settings.flatMap { ["--set", "\(kind).\($0)"] }, seconds: seconds)
    }

    /// Phases of one kind, each with its length in milliseconds and its load; `nil` is none.
    static func phases(
        _ kind: String, _ phases: [(name: String, milliseconds: Int, load: String?)], settings: String = "{}"
    ) -> Request {
        let lines = phases.map { phase in
            let load = phase.load.map { ", load: { \(kind): '\($0)' }" } ?? ""
            return "  - { name: \(phase.name), for: \(phase.milliseconds)ms\(load) }\n"
        }
        return Request(
            profile: "stressors: { \(kind): \(settings) }\nphases:\n" + lines.joined(),
            seconds: Double(phases.reduce(0) { $0 + $1.milliseconds }) / 1000)
    }
}

extension Request {
    /// 1 s without a load, 5 s of a CPU load, and what is asked of a service under it; and 4 s more, or none.
    static func asking(
        _ load: String, every: String = "50ms", settings: String = "{}", recover: Bool = false, _ objectives: String...
    ) -> Request {
        let phases = Request.phases(
            "cpu", [("steady", 1000, nil), ("squeeze", 5000, load)] + (recover ? [("recover", 4000, nil)] : []),
            settings: settings)
        let probe = "probes:\n  web: { http: '{service}', every: \(every), timeout: 500ms }\nobjectives:\n"
        return Request(
            profile: (phases.profile ?? "") + probe + objectives.map { "  - web \($0)\n" }.joined(),
            seconds: phases.seconds)
    }
}

/// What is made before a run and removed after it.
enum Need: Sendable {
    /// A file system on a loop device, with so many inodes where that is given; `below` is the size of another one
    /// that its image lies on.
    case disk(mebibytes: Int, type: String = "ext4", inodes: Int? = nil, below: Int? = nil)
    /// A control group of cgroup v1, the same path in every hierarchy, with what is written to its files.
    case group(String, [(file: String, value: String)] = [], child: Bool = false)
    /// A small HTTP service; `{service}` is its address.
    case service
}

/// Something that is done to a run.
struct Act: Sendable {
    /// When it is done.
    enum Moment: Sendable {
        /// Before exert is started.
        case before
        /// So many seconds after the log's first `phase_started`.
        case at(Double)
    }
    /// What is done, and when.
    var steps: [(moment: Moment, run: @Sendable (Stage) throws -> Void)] = []
    /// Shell lines for the process that then becomes exert.
    var launch = ""

    /// Before exert is started.
    static func before(_ run: @escaping @Sendable (Stage) throws -> Void) -> Act { Act(steps: [(.before, run)]) }

    /// So many seconds after the load began.
    static func at(_ time: Double, _ run: @escaping @Sendable (Stage) throws -> Void) -> Act {
        Act(steps: [(.at(time), run)])
    }

    /// Shell lines for the process that then becomes exert, such as `ulimit -n 64`.
    static func launch(_ lines: String) -> Act { Act(launch: lines) }

    /// SIGSTOP at the begin of a span, SIGCONT at its end.
    static func stop(_ whom: Stage.Role, _ span: ClosedRange<Double>) -> Act {
        Act(steps: [
            (.at(span.lowerBound), { $0.send(SIGSTOP, to: whom) }),
            (.at(span.upperBound), { $0.send(SIGCONT, to: whom) }),
        ])
    }

    /// A signal to the stressors.
    static func signal(_ signal: Int32, _ time: Double) -> Act { at(time) { $0.send(signal, to: .stressors) } }

    /// All that is in the `freezer` group is frozen for a span; ``joinFreezer`` or ``freezerTakes`` bring it there.
    static func freeze(_ span: ClosedRange<Double>) -> Act {
        Act(steps: [
            (.at(span.lowerBound), { try $0.write("FROZEN", to: "freezer.state", of: "freezer") }),
            (.at(span.upperBound), { try $0.write("THAWED", to: "freezer.state", of: "freezer") }),
        ])
    }

    /// exert starts in the `freezer` group, as in a container that is then paused.
    static let joinFreezer = launch("echo $$ >'{freezer}/cgroup.procs'")

    /// The stressors alone are put into the `freezer` group.
    static func freezerTakes(_ time: Double) -> Act { move(to: "freezer", time) }

    /// The stressors are moved to a control group.
    static func move(to controller: String, _ time: Double) -> Act {
        at(time) { stage in
            for id in stage.stressors { try stage.write("\(id)", to: "cgroup.procs", of: controller) }
        }
    }

    /// The last thread of each stressor is put into a control group, and the process stays where it is.
    static func moveThread(to controller: String, _ time: Double) -> Act {
        at(time) { stage in
            for id in stage.stressors {
                let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")
                guard let last = threads.compactMap({ Int($0) }).max() else { throw Failure("no threads of \(id)") }
                try stage.write("\(last)", to: "tasks", of: controller)
            }
        }
    }

    /// Whoever may look into `/proc/PID/fd` cuts the files that the stressors hold on the disk.
    static func cutFiles(_ time: Double) -> Act {
        at(time) { stage in
            let disk = try stage.disk().path
            for id in stage.stressors {
                for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? [] {
                    let path = "/proc/\(id)/fd/\(name)"
                    let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? ""
                    guard target.hasPrefix(disk), target.hasSuffix("(deleted)") else { continue }
                    guard truncate(path, 0) == 0 else { throw Failure("\(target) cannot be cut") }
                }
            }
        }
    }

    /// A command that is run for each stressor, its process id last.
    static func tool(_ command: [String], _ time: Double) -> Act {
        at(time) { stage in for id in stage.stressors { try Child.run(command + ["\(id)"]) } }
    }

    /// The process that asks the probes is moved to a control group.
    static func moveProber(to controller: String, _ time: Double) -> Act {
        at(time) { stage in
            guard let prober = stage.prober else { throw Failure("there is no prober") }
            try stage.write("\(prober)", to: "cgroup.procs", of: controller)
        }
    }

    /// A file of a control group is written.
    static func set(_ controller: String, _ file: String, _ value: String, _ time: Double) -> Act {
        at(time) { try $0.write(value, to: file, of: controller) }
    }

    /// A limit of the `blkio` group for the disk, such as `write_bps`; 0 lifts it; `nil` is before the start.
    static func throttle(_ what: String, _ value: Int, _ time: Double?) -> Act {
        let run: @Sendable (Stage) throws -> Void = { stage in
            try stage.write("\(stage.disk().number) \(value)", to: "blkio.throttle.\(what)_device", of: "blkio")
        }
        return time.map { at($0, run) } ?? before(run)
    }

    /// The device takes no more writes: the disk that its image lies on is full, and the image has lost its blocks.
    static func failWrites(_ time: Double) -> Act {
        at(time) { stage in
            try stage.disk().forgetContent()
            try stage.diskBelow().fill(leaving: 0)
        }
    }

    /// A shell command runs beside exert from a time on, until the end.
    static func neighbour(_ command: String, _ time: Double, count: Int = 1) -> Act {
        at(time) { stage in for _ in 0..<count { try stage.startNeighbour(command) } }
    }

    /// Ends the neighbours.
    static func noNeighbours(_ time: Double) -> Act { at(time) { $0.endNeighbours() } }
}
