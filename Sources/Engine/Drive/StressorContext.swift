// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a stressor knows of the process that it runs in.
public struct StressorContext: Sendable {
    /// The stressor's name in the profile.
    public let name: String
    /// The run.
    public let runID: String
    /// Which phase of its life the process is in; workers that loop for long look at it.
    public let control: ControlWord
    /// How many workers there are, in all processes together.
    public let workers: Int
    /// How many processes share them.
    public let processes: Int
    /// Which of the processes this is, from 0.
    public let processIndex: Int
    /// The target over the whole run, in the stressor's unit, as it may change.
    public let course: Course
    /// The greatest target of the run as it was planned, in the stressor's unit.
    public let peak: Double
    /// The unit of the target.
    public let unit: Unit
    /// Whether the target is put on top of what is there, or is the base's total use.
    public let mode: LoadMode
    /// The gauges of all workers of all processes.
    public let gauges: [Gauge]
    /// Where latencies are counted; `nil` where the load is not made of operations.
    public let latency: LatencyCells?
    let notices: NoticeBoard?
    private let revisedLeast: @Sendable () -> Int64

    /// The least that a load leaves which came while the run went on, in the stressor's unit; 0 where none did.
    public var leastLeft: Int64 { revisedLeast() }

    /// Creates a context.
    public init(
        name: String, runID: String = "", control: ControlWord, workers: Int, processes: Int = 1,
        processIndex: Int = 0, curve: Curve, unit: Unit, mode: LoadMode = .add, gauges: [Gauge],
        latency: LatencyCells? = nil
    ) {
        self.init(
            name: name, runID: runID, control: control, workers: workers, processes: processes,
            processIndex: processIndex, course: Course(curve), unit: unit, mode: mode, gauges: gauges,
            latency: latency, notices: nil)
    }

    init(
        name: String, runID: String, control: ControlWord, workers: Int, processes: Int, processIndex: Int,
        course: Course, unit: Unit, mode: LoadMode, gauges: [Gauge], latency: LatencyCells?, notices: NoticeBoard?,
        leastLeft: @escaping @Sendable () -> Int64 = { 0 }
    ) {
        self.name = name
        self.runID = runID
        self.control = control
        self.workers = workers
        self.processes = processes
        self.processIndex = processIndex
        self.course = course
        self.unit = unit
        self.mode = mode
        self.gauges = gauges
        self.latency = latency
        self.notices = notices
        revisedLeast = leastLeft
        peak = course.curve.peak
    }

    /// The target over the whole run, as it stands; taken anew for each decision.
    public var curve: Curve { course.curve }

    /// Tells the user something by way of the observer: it becomes a finding in the log and the summary.
    ///
    /// The same `code` is told once; there is room for eight.
    public func tell(_ code: String, _ message: String) { notices?.post(code, message) }

    /// Says which rule has refused the stressor something: it stands beside the cause in the log and the summary.
    ///
    /// The first one for each cause is kept.
    ///
    /// - Parameters:
    ///   - source: the file or call that says so, such as `/proc/sys/fs/inotify/max_user_instances`.
    ///   - figure: what it says.
    public func cite(_ cause: Cause, source: String, figure: String) {
        notices?.post(Self.citation + cause.rawValue, "\(source)\n\(figure)")
    }

    /// The code of a notice that is evidence begins with it.
    private static let citation = "evidence "

    /// The evidence in a notice; `nil` where it is none.
    static func evidence(in notice: (code: String, message: String)) -> (Cause, CauseEvidence)? {
        guard notice.code.hasPrefix(citation), let cause = Cause(rawValue: String(notice.code.dropFirst(9))) else {
            return nil
        }
        let lines = notice.message.split(separator: "\n", maxSplits: 1).map(String.init)
        guard lines.count == 2 else { return nil }
        return (cause, CauseEvidence(source: lines[0], figure: lines[1]))
    }
}
