// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Objects of what was measured besides the stressors' own figures.

extension JSONWriter {
    /// Writes `labels` and `traceparent`, those that there are.
    mutating func tagMembers(_ tags: RunTags) {
        labelsMember(tags.labels)
        if let traceparent = tags.traceparent {
            key("traceparent")
            string(traceparent)
        }
    }

    /// Writes `labels`; nothing where there is none.
    mutating func labelsMember(_ labels: [String: String]) {
        guard !labels.isEmpty else { return }
        key("labels")
        beginObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            key(data: name)
            string(value)
        }
        endObject()
    }

    /// Writes a guard of the plan.
    mutating func guardMembers(_ condition: PlannedGuard) {
        key("guard")
        string(condition.text)
        key("metric")
        string(condition.metricName)
        if let subject = condition.subject {
            key(condition.metric.description.place == .probe ? "probe" : "stressor")
            string(subject.name)
            key("over_s")
            seconds(of: subject.window)
        }
        key("comparison")
        string(condition.comparison.rawValue)
        key("limit")
        decimal(condition.limit, places: condition.unit.logPlaces)
        key("unit")
        string(condition.unit.rawValue)
        key("for_s")
        seconds(of: condition.length)
        if let directory = condition.directory {
            key("directory")
            string(directory)
        }
        if condition.isDefault {
            key("default")
            boolean(true)
        }
    }

    /// Writes the guard that ended a run, and what it saw.
    mutating func tripMembers(_ trip: GuardTrip) {
        guardMembers(trip.condition)
        key("value")
        decimal(trip.value, places: trip.condition.unit.logPlaces)
        if trip.isLeast {
            key("value_is_least")
            boolean(true)
        }
        key("held_s")
        seconds(of: trip.held)
        key("span_s")
        seconds(of: trip.span)
    }

    /// Writes the quantiles of both latencies.
    mutating func latencyObject(_ summary: LatencySummary) {
        beginObject()
        key("operations")
        integer(summary.operations)
        for (name, quantiles) in [("intended", summary.intended), ("service", summary.service)] {
            key(data: name)
            beginObject()
            key("p50_s")
            seconds(of: quantiles.p50)
            key("p90_s")
            seconds(of: quantiles.p90)
            key("p99_s")
            seconds(of: quantiles.p99)
            key("p999_s")
            seconds(of: quantiles.p999)
            key("max_s")
            seconds(of: quantiles.max)
            endObject()
        }
        endObject()
    }

    /// Writes what kept threads from running.
    mutating func schedulingObject(_ figures: SchedulingFigures) {
        beginObject()
        key("run_delay_s")
        decimal(figures.runDelaySeconds, places: 6)
        if let count = figures.throttledCount {
            key("throttled_count")
            integer(count)
            key("throttled_s")
            decimal(figures.throttledSeconds, places: 6)
        }
        key("steal_s")
        decimal(figures.stealSeconds, places: 6)
        endObject()
    }

    /// Writes shares of the time that tasks waited, those that the kernel tells.
    mutating func pressureObject(_ pressure: PressureReading) {
        beginObject()
        let members = [
            ("cpu_some_ratio", pressure.cpuSome), ("memory_some_ratio", pressure.memorySome),
            ("memory_full_ratio", pressure.memoryFull), ("io_some_ratio", pressure.ioSome),
            ("io_full_ratio", pressure.ioFull),
        ]
        for case (let name, let ratio?) in members {
            key(data: name)
            decimal(ratio, places: 6)
        }
        endObject()
    }

    /// Writes what a device did.
    mutating func deviceObject(_ device: DeviceReading) {
        beginObject()
        key("name")
        string(device.name)
        key("read_bytes_per_second")
        decimal(device.readBytesPerSecond, places: 0)
        key("write_bytes_per_second")
        decimal(device.writeBytesPerSecond, places: 0)
        key("read_operations_per_second")
        decimal(device.readOperationsPerSecond, places: 3)
        key("write_operations_per_second")
        decimal(device.writeOperationsPerSecond, places: 3)
        key("queue_depth")
        decimal(device.queueDepth, places: 3)
        endObject()
    }
}
