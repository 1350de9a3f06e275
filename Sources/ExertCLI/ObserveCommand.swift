// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import Exert
import LinuxSystem
import LoadModel
import Profiles
import Reporting
import Stressors

/// A run that another program drives over pipes; see `Wire`.
struct ObserveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Wire.subcommand,
        abstract: "Run what commands on standard input say; for programs that embed exert.", shouldDisplay: false)

    func run() throws {
        // The third net, beside the end of standard input and the silence of whoever drives the run.
        CurrentProcess.setParentDeathSignal(15)
        let steering = WireSteering()
        guard let (id, request) = steering.start() else {
            Console.complain("'exert \(Wire.subcommand)' is for programs; people use 'exert run' or 'exert serve'")
            throw ExitStatus.usage
        }
        if let problem = ProcMount.problem {
            steering.send(WireAnswer(refused: .init(id: id, refusal: Refusal(.unsupported, problem.message))))
            throw ExitStatus.unsupported
        }
        // Sooner than whoever waits for our answer gives up.
        Places.beginAsking(limit: 10_000_000_000) { Console.tell($0) }
        // Before the plan: what a killed run left would be counted as in use.
        let leftovers = Leftovers()
        leftovers.undo()
        let host = HostFacts.read()
        let launch: RunLaunch
        do throws(Refusal) {
            launch = try RunLaunch(request, host: host)
        } catch {
            steering.send(WireAnswer(refused: .init(id: id, refusal: error)))
            throw error.kind == .unsupported ? ExitStatus.unsupported : ExitStatus.usage
        }
        var options = launch.settings.observerOptions
        options.steering = steering
        options.retargeter = launch.retargeter
        Places.endAsking()
        steering.send(WireAnswer(done: .init(id: id, outline: launch.outline(runID: options.runID))))
        // A stressor process that was killed while we live leaves its records to us.
        options.settle = { leftovers.undo(after: &$0) }
        let ended = observe(launch, host, options, steering)
        steering.sendLast(WireAnswer(ended: ended))
        throw ExitCode(ended.exitCode)
    }

    private func observe(
        _ launch: RunLaunch, _ host: HostFacts, _ options: Observer.Options, _ steering: WireSteering
    ) -> WireAnswer.Ended {
        var log = EventLog(plan: launch.plan, tags: launch.settings.tags)
        do throws(ObserverFailure) {
            let observer = try Observer(
                launch.plan, host: host, description: host.description, options: options,
                sink: { steering.send(log.line($0)) }, display: nil)
            let record = try observer.run(catalog: Catalog.all)
            return WireAnswer.Ended(
                exitCode: record.exitCode,
                text: SummaryText.text(record, style: TextStyle(hasColor: false, isUTF8: true, width: 100)),
                json: record.refusal == nil ? String(decoding: SummaryJSON.document(record), as: UTF8.self) : "",
                refusal: record.refusal)
        } catch {
            return Self.end(error)
        }
    }

    private static func end(_ failure: ObserverFailure) -> WireAnswer.Ended {
        // All else ends with a result.
        let message = if case .cannotObserve(let reason) = failure { reason } else { "\(failure)" }
        return WireAnswer.Ended(
            exitCode: 4, text: "✗ \(message)\n", json: "", refusal: Refusal(.unsupported, message))
    }
}

extension RunRecord {
    /// Why the load never began; `nil` where it did.
    fileprivate var refusal: Refusal? {
        if let startFailure { return Refusal(.unsupported, startFailure) }
        guard results.isEmpty else { return nil }
        if let leaseExpiry { return Refusal(.conflict, "before the load began, \(leaseExpiry.sentence)") }
        return Refusal(.conflict, "stopped before the load began")
    }
}
