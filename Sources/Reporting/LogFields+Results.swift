// SPDX-License-Identifier: Apache-2.0

import LoadModel

// How each stressor did in each phase, and what it is judged by.

extension JSONWriter {
    mutating func results(_ results: [PhaseResult], of plan: Plan) {
        beginArray()
        for result in results {
            beginObject()
            resultMembers(result, of: plan)
            endObject()
        }
        endArray()
    }

    private mutating func resultMembers(_ result: PhaseResult, of plan: Plan) {
        let unit = plan.unit(of: result.stressor)
        let places = unit?.description.logPlaces ?? 9
        key("phase")
        string(plan.phaseName(result.phase))
        key("stressor")
        string(result.stressor)
        key("unit")
        string(unit?.rawValue)
        key("is_loaded")
        boolean(result.isLoaded)
        key("target_mean")
        decimal(result.targetMean, places: places)
        key("achieved_mean")
        decimal(result.achievedMean, places: places)
        key("claimed_mean")
        decimal(result.claimedMean, places: places)
        // As much as there is has no error.
        let hasError = result.targetMean != nil
        key("error_mean")
        decimal(hasError ? result.errorMean : nil, places: places)
        key("error_abs_mean")
        decimal(hasError ? result.errorAbsMean : nil, places: places)
        key("error_abs_p95")
        decimal(hasError ? result.errorAbsP95 : nil, places: places)
        key("error_abs_max")
        decimal(hasError ? result.errorAbsMax : nil, places: places)
        key("tolerance")
        decimal(result.tolerance, places: places)
        key("time_to_reach_s")
        decimal(result.timeToReach, places: 9)
        if let timeToContent = result.timeToContent {
            key("time_to_content_s")
            decimal(timeToContent, places: 9)
        }
        operationMembers(
            due: result.dueMean, achieved: result.achievedMean, reads: result.readsMean, suffix: "_mean",
            places: places)
        judgementMembers(result, places: places)
        key("shortfall")
        beginObject()
        for cause in Cause.allCases {
            guard let amount = result.shortfall[cause], amount > 0 else { continue }
            key(data: cause.rawValue)
            decimal(amount, places: places)
        }
        endObject()
        key("limited_by")
        string(result.limitedBy?.rawValue)
        key("causes")
        beginObject()
        for cause in Cause.allCases {
            guard let evidence = result.evidence[cause] else { continue }
            key(data: cause.rawValue)
            evidenceObject(evidence)
        }
        endObject()
        if let residentBytes = result.residentBytes {
            key("resident_bytes")
            decimal(residentBytes, places: 0)
        }
        nodeBytesMember(result.nodeBytes)
        if let latency = result.latency {
            key("dropped")
            integer(result.dropped ?? 0)
            failuresMember(result.failures)
            key("latency")
            latencyObject(latency.summary)
            key("histograms")
            beginObject()
            key("intended")
            string(HistogramEncoding.text(of: latency.intended))
            key("service")
            string(HistogramEncoding.text(of: latency.service))
            endObject()
        }
        if let scheduling = result.scheduling {
            key("scheduling")
            schedulingObject(scheduling)
        }
        key("verdict")
        string(result.verdict.rawValue)
        if let isExpected = result.isExpected {
            key("expected")
            boolean(isExpected)
        }
    }

    /// Writes what was due where that is drawn, and what reads and writes did where a load does both.
    mutating func operationMembers(due: Double?, achieved: Double?, reads: Double?, suffix: String, places: Int) {
        if let due {
            key(data: "due" + suffix)
            decimal(due, places: places)
        }
        guard let reads, let achieved else { return }
        key(data: "achieved_reads" + suffix)
        decimal(reads, places: places)
        key(data: "achieved_writes" + suffix)
        decimal(achieved - reads, places: places)
    }

    /// Writes how many operations failed, by errno; nothing where none did.
    mutating func failuresMember(_ failures: [String: Int64]) {
        guard !failures.isEmpty else { return }
        key("failed")
        beginObject()
        for (name, count) in failures.sorted(by: { $0.key < $1.key }) {
            key(data: name)
            integer(count)
        }
        endObject()
    }

    /// Writes for how long it was off, unseen and on its way, and when it was killed.
    private mutating func judgementMembers(_ result: PhaseResult, places: Int) {
        key("off_s")
        decimal(result.offSeconds, places: 9)
        key("unseen_s")
        decimal(result.unseenSeconds, places: 9)
        key("allowance_s")
        decimal(result.allowanceSeconds, places: 9)
        guard let killedAfter = result.killedAfter else { return }
        key("killed_after_s")
        decimal(killedAfter, places: 9)
        key("achieved_when_killed")
        decimal(result.achievedWhenKilled, places: places)
    }

    /// Writes what a stressor may be off by: the figures that the verdict is made from.
    mutating func toleranceObject(_ limit: ToleranceLimit, places: Int) {
        beginObject()
        key("absolute")
        decimal(limit.absolute, places: places)
        key("ratio")
        number(limit.ratio)
        key("written")
        boolean(limit.isWritten)
        key("floor")
        decimal(limit.floor, places: places)
        key("released")
        decimal(limit.released, places: places)
        key("share")
        number(ToleranceLimit.share)
        key("most")
        number(ToleranceLimit.most)
        endObject()
    }

    /// Writes what a cause rests on.
    mutating func evidenceObject(_ evidence: CauseEvidence) {
        beginObject()
        key("source")
        string(evidence.source)
        key("figure")
        string(evidence.figure)
        endObject()
    }

    /// Writes the least, mean and most of a window.
    mutating func spreadMembers(_ reading: Reading, places: Int) {
        key("target_min")
        decimal(reading.targetSpread?.least, places: places)
        key("target_mean")
        decimal(reading.targetSpread?.mean, places: places)
        key("target_max")
        decimal(reading.targetSpread?.most, places: places)
        key("achieved_min")
        decimal(reading.achievedSpread?.least, places: places)
        key("achieved_mean")
        decimal(reading.achievedSpread?.mean, places: places)
        key("achieved_max")
        decimal(reading.achievedSpread?.most, places: places)
    }
}
