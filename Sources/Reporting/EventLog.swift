// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Turns the events of a run into lines of the experiment log.
///
/// The buffer is kept from line to line: a caller that lets go of one line before it asks for the next costs no
/// allocation while the run lasts. The lines are described by ``LogSchema``.
public struct EventLog: Sendable {
    /// The version of the lines, as each says of itself.
    public static let schema = "exert-log/1"

    private var plan: Plan
    private let tags: RunTags
    private var writer = JSONWriter(.compact, capacity: 16 * 1024)

    /// Creates the encoder of a run.
    public init(plan: Plan, tags: RunTags = RunTags()) {
        self.plan = plan
        self.tags = tags
    }

    /// The line of `event`, with its line feed, as UTF-8.
    public mutating func line(_ event: TimedEvent) -> [UInt8] {
        writer.removeAll()
        writer.beginObject()
        writer.key("schema")
        writer.string(Self.schema)
        writer.key("time")
        writer.timestamp(event.time)
        writer.key("run_id")
        writer.string(event.runID)
        writer.tagMembers(tags)
        writer.key("event")
        writer.string(event.event.name)
        writer.key("elapsed_s")
        // A sample's window ended a little before the event was made.
        if case .sample(let sample) = event.event {
            writer.seconds(of: sample.elapsed)
        } else {
            writer.seconds(of: event.elapsed)
        }
        members(event.event)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }

    private mutating func members(_ event: Event) {
        switch event {
        case .preparing(let stressor, let ratio):
            writer.key("stressor")
            writer.string(stressor)
            writer.key("done_ratio")
            writer.decimal(ratio, places: 3)
        case .runStarted(let host, let plan):
            writer.startMembers(host, plan)
        case .phaseStarted(let index):
            writer.key("phase")
            writer.string(plan.phaseName(index))
            writer.key("index")
            writer.integer(index)
            writer.phaseMembers(plan.phases[index], of: plan)
        case .sample(let sample):
            sampleMembers(sample)
        case .finding(let finding):
            writer.findingMembers(finding)
        case .guardTripped(let trip):
            writer.tripMembers(trip)
        case .changed(let change):
            writer.changeMembers(change)
        case .phaseShortened(let shortened):
            plan.phases = shortened.phases
            writer.shortenedMembers(shortened)
            writer.movedMembers(shortened.phases)
        case .leaseExpired(let expiry):
            writer.expiryMembers(expiry)
        case .stressorEnded(let end):
            writer.endMembers(end)
        case .probed(let span):
            writer.spanMembers(span)
        case .proberSecond(let second):
            writer.proberMembers(second)
        case .probeNote(let probe, let text):
            writer.noteMembers(text, of: probe)
        case .phaseEnded(let index, let results):
            writer.key("phase")
            writer.string(plan.phaseName(index))
            writer.key("index")
            writer.integer(index)
            writer.key("results")
            writer.results(results, of: plan)
        case .runEnded(let record):
            writer.outcomeMembers(record)
        }
    }

    private mutating func sampleMembers(_ sample: Sample) {
        writer.key("interval_s")
        writer.seconds(of: sample.interval)
        writer.key("phase")
        writer.string(plan.phaseName(sample.phase))
        writer.key("stressors")
        writer.beginObject()
        for (index, reading) in sample.readings.enumerated() {
            // Readings stand in the order of the plan.
            let stressor = plan.stressors[index]
            let places = stressor.unit.description.logPlaces
            writer.key(data: reading.stressor)
            writer.beginObject()
            writer.key("unit")
            writer.string(stressor.unit.rawValue)
            writer.key("target")
            writer.decimal(reading.target, places: places)
            writer.key("achieved")
            writer.decimal(reading.achieved, places: places)
            writer.key("error")
            writer.decimal(reading.error, places: places)
            writer.operationMembers(
                due: reading.due, achieved: reading.achieved, reads: reading.reads, suffix: "", places: places)
            writer.spreadMembers(reading, places: places)
            if let own = reading.own {
                writer.key("own")
                writer.decimal(own, places: places)
                writer.key("others")
                writer.decimal(reading.others, places: places)
            }
            writer.key("claimed")
            writer.decimal(reading.claimed, places: places)
            writer.key("witness")
            writer.string(stressor.witness)
            writer.key("limited_by")
            writer.string(reading.limitedBy?.rawValue)
            if let evidence = reading.evidence {
                writer.key("limit")
                writer.evidenceObject(evidence)
            }
            if reading.refusals > 0 {
                writer.key("refusals")
                writer.integer(reading.refusals)
            }
            if let contentBytes = reading.contentBytes {
                writer.key("content_bytes")
                writer.decimal(contentBytes, places: 0)
            }
            if let dropped = reading.dropped {
                writer.key("dropped")
                writer.integer(dropped)
            }
            writer.failuresMember(reading.failures)
            if let latency = reading.latency {
                writer.key("latency")
                writer.latencyObject(latency)
            }
            if let device = reading.device {
                writer.key("device")
                writer.deviceObject(device)
            }
            if let scheduling = reading.scheduling {
                writer.key("scheduling")
                writer.schedulingObject(scheduling)
            }
            if let group = reading.group {
                writer.key("cgroup")
                writer.beginObject()
                writer.key("directory")
                writer.string(group.directory)
                writer.key("psi")
                writer.pressureObject(group.pressure)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
        writer.key("host")
        writer.beginObject()
        writer.key("cpu_busy_ratio")
        writer.decimal(sample.host.cpuBusyRatio, places: 6)
        writer.key("cpu_steal_ratio")
        writer.decimal(sample.host.cpuStealRatio, places: 6)
        writer.key("memory_available_bytes")
        writer.decimal(sample.host.memoryAvailableBytes, places: 0)
        if let pressure = sample.host.pressure {
            writer.key("psi")
            writer.pressureObject(pressure)
        }
        writer.endObject()
    }
}

extension Event {
    /// The event's name in the log.
    var name: String {
        switch self {
        case .preparing: "preparing"
        case .runStarted: "run_started"
        case .phaseStarted: "phase_started"
        case .sample: "sample"
        case .finding: "finding"
        case .guardTripped: "guard_tripped"
        case .changed(let change): change.name
        case .phaseShortened: "phase_shortened"
        case .leaseExpired: "lease_expired"
        case .stressorEnded: "stressor_ended"
        case .probed: "probe_second"
        case .proberSecond: "prober_second"
        case .probeNote: "probe_note"
        case .phaseEnded: "phase_ended"
        case .runEnded: "run_ended"
        }
    }
}
