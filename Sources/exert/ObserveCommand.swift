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
        let steering = WireSteering()
        guard let (id, request) = steering.start() else {
            Console.complain("'exert \(Wire.subcommand)' is for programs; people use 'exert run' or 'exert serve'")
            throw ExitStatus.usage
        }
        if let problem = ProcMount.problem {
            steering.send(WireAnswer(refused: .init(id: id, refusal: Refusal(.unsupported, problem.message))))
            throw ExitStatus.unsupported
        }
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
        steering.send(WireAnswer(done: .init(id: id, outline: launch.outline(runID: options.runID))))
        let ended = observe(launch, host, options, steering)
        // A stressor process that was killed while we live leaves its records to us, however the run ends.
        leftovers.undo(after: options.runID)
        steering.send(WireAnswer(ended: ended))
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
                json: String(decoding: SummaryJSON.document(record), as: UTF8.self))
        } catch {
            return Self.end(error)
        }
    }

    private static func end(_ failure: ObserverFailure) -> WireAnswer.Ended {
        let (code, kind, message): (Int32, Refusal.Kind, String) =
            switch failure {
            case .cannotStart(let stressor, let reason): (4, .unsupported, "\(stressor) cannot be started: \(reason)")
            case .cannotObserve(let reason): (4, .unsupported, reason)
            case .interrupted(let signal): (128 + signal, .conflict, "stopped before the load began")
            case .leaseExpired(let expiry): (3, .conflict, "before the load began, \(expiry.sentence)")
            }
        return WireAnswer.Ended(
            exitCode: code, text: "✗ \(message)\n", json: "", refusal: Refusal(kind, message))
    }
}
