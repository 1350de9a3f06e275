// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import Reporting

/// The metrics of the runs that go on.
struct RunMetrics {
    struct Active {
        var outline: RunOutline
        var status: RunStatus
        var sample: RunSample?

        init(outline: RunOutline, status: RunStatus) {
            self.outline = outline
            self.status = status
            sample = status.lastSample?.sample
        }
    }

    private typealias Series = [(labels: PrometheusWriter.Labels, value: Double)]

    private let runs: [Active]

    /// How figures were spread over the interval: a pulse of a level shows here and not at its end.
    private static var spreads: [(String, String, (StressorSample) -> Double?, (StressorSample) -> Double?)] {
        [
            ("min", "The least", \.targetMin, \.achievedMin), ("mean", "The mean", \.targetMean, \.achievedMean),
            ("max", "The most", \.targetMax, \.achievedMax),
        ]
    }

    init(_ runs: [Active]) { self.runs = runs }

    func write(to metrics: inout PrometheusWriter) {
        metrics.metric(
            "exert_run_info", .gauge, "A run that goes on.",
            runs.map { ([("run_id", $0.outline.runID), ("profile", $0.outline.profile)], 1) })
        metrics.metric(
            "exert_run_elapsed_seconds", .gauge, "Time since the load began.",
            runs.map { ([("run_id", $0.outline.runID)], $0.status.elapsed) })
        metrics.metric(
            "exert_run_length_seconds", .gauge, "How long the load lasts in all.",
            runs.map { run in
                ([("run_id", run.outline.runID)], run.status.schedule?.lengthSeconds ?? run.outline.lengthSeconds)
            })
        metrics.metric("exert_run_phase", .gauge, "Which of its phases a run is in.", phases)
        for unit in UnitTable.names {
            metrics.metric(
                "exert_stressor_target_\(unit)", .gauge, "What was asked of a stressor in the last interval.",
                figures(unit, \.target))
            metrics.metric(
                "exert_stressor_achieved_\(unit)", .gauge, "What the kernel says that was there of it.",
                figures(unit, \.achieved))
            for (name, words, target, achieved) in Self.spreads {
                metrics.metric(
                    "exert_stressor_target_\(name)_\(unit)", .gauge, "\(words) target of the last interval.",
                    figures(unit, target))
                metrics.metric(
                    "exert_stressor_achieved_\(name)_\(unit)", .gauge,
                    "\(words) that the kernel says was there in the last interval.", figures(unit, achieved))
            }
        }
        metrics.metric(
            "exert_stressor_error_ratio", .gauge, "Achieved less target, as a share of the target.", errors)
        service(&metrics)
        host(&metrics)
    }

    /// What the system under test does, as probes see it.
    private func service(_ metrics: inout PrometheusWriter) {
        metrics.metric(
            "exert_probe_results_total", .counter, "Results of a probe, by what came; one for each time it was due.",
            runs.flatMap { run in
                run.status.outcomes.sorted { $0.key < $1.key }.flatMap { probe, outcomes in
                    outcomes.sorted { $0.key < $1.key }.map { outcome, count in
                        ([("run_id", run.outline.runID), ("probe", probe), ("outcome", outcome)], Double(count))
                    }
                }
            })
        metrics.metric(
            "exert_probe_good_ratio", .gauge, "The share of a probe's newest whole second that was good.",
            probes { $0.goodRatio.map { [([], $0)] } ?? [] })
        metrics.metric(
            "exert_probe_latency_seconds", .gauge,
            "Percentiles of the newest whole second, from when a probe was due; none among what was given up.",
            probes { sample in
                [("p50_s", "0.5"), ("p95_s", "0.95"), ("p99_s", "0.99"), ("max_s", "1")].compactMap { key, quantile in
                    sample.latency[key].flatMap { $0 }.map { ([("quantile", quantile)], $0) }
                }
            })
    }

    private func probes(_ series: (ProbeSample) -> Series) -> Series {
        runs.flatMap { run in
            run.status.probes.sorted { $0.key < $1.key }.flatMap { name, sample in
                series(sample).map { ([("run_id", run.outline.runID), ("probe", name)] + $0.labels, $0.value) }
            }
        }
    }

    private var phases: Series {
        runs.flatMap { run in
            run.outline.phases.enumerated().map { index, phase in
                let labels = [
                    ("run_id", run.outline.runID), ("phase", phase.name), ("index", "\(index)"),
                ]
                return (labels, run.status.phaseIndex == index ? 1 : 0)
            }
        }
    }

    private func figures(_ unit: String, _ figure: (StressorSample) -> Double?) -> Series {
        each { sample in sample.unit == unit ? figure(sample) : nil }
    }

    private var errors: Series {
        each { sample in
            guard let target = sample.target, target > 0, let error = sample.error else { return nil }
            return error / target
        }
    }

    private func each(_ value: (StressorSample) -> Double?) -> Series {
        runs.flatMap { run -> Series in
            (run.sample?.stressors ?? [:]).sorted { $0.key < $1.key }.compactMap { name, sample in
                guard let value = value(sample) else { return nil }
                let kind = run.outline.stressors[name]?.kind ?? name
                return ([("run_id", run.outline.runID), ("stressor", name), ("kind", kind)], value)
            }
        }
    }

    /// The host as the newest sample saw it.
    private func host(_ metrics: inout PrometheusWriter) {
        let newest = runs.compactMap(\.sample).max { $0.time < $1.time }
        guard let host = newest?.host else { return }
        metrics.metric(
            "exert_host_cpu_busy_ratio", .gauge, "The share of the host's CPU time that was not idle.",
            host.cpuBusyRatio)
        metrics.metric(
            "exert_host_memory_available_bytes", .gauge, "MemAvailable of the host.", host.memoryAvailableBytes)
        metrics.metric(
            "exert_pressure_ratio", .gauge, "The share of the interval in which tasks waited for a resource.",
            (host.pressure ?? [:]).sorted { $0.key < $1.key }.compactMap { name, ratio in
                let parts = name.split(separator: "_").map(String.init)
                return parts.count == 3 ? ([("resource", parts[0]), ("kind", parts[1])], ratio) : nil
            })
    }
}
#endif
