// SPDX-License-Identifier: Apache-2.0

import Engine
import LinuxSystem
import LoadModel
import Profiles
import Reporting

/// How a run is made, apart from what it exerts: what flags of `exert run` and members of a request say alike.
struct RunSettings {
    /// Why a setting is none.
    struct Problem: Error {
        /// The setting, as the command line's flag has it, without dashes.
        var option: String
        var message: String
    }

    private(set) var interval: Nanoseconds = .second
    var tags = RunTags()
    private(set) var startAt: Nanoseconds?
    private(set) var lease: Nanoseconds?

    mutating func take(interval text: String) throws(Problem) {
        interval = try Self.duration(text, of: "interval", within: 100 * .millisecond...3600 * .second, "100ms to 1h")
    }

    mutating func take(lease text: String) throws(Problem) {
        lease = try Self.duration(text, of: "lease", within: .second...86_400 * .second, "1s to 24h")
    }

    mutating func take(label text: String) throws(Problem) {
        do throws(RunTags.Problem) {
            try tags.add(label: text)
        } catch {
            throw Problem(option: "label", message: error.message)
        }
    }

    /// Takes the labels that a profile has, where none of the same name is given.
    mutating func take(labelsOf plan: Plan) throws(Problem) {
        do throws(RunTags.Problem) {
            try tags.fill(from: plan.labels)
        } catch {
            throw Problem(option: "label", message: "with those of the profile, \(error.message)")
        }
    }

    mutating func take(startAt text: String) throws(Problem) {
        func problem(_ message: String) -> Problem { Problem(option: "start-at", message: "\(text)\(message)") }
        guard let time = Timestamp.parse(text) else {
            throw problem(": write an instant such as 2026-11-22T14:00:00Z (RFC 3339)")
        }
        let left = time - Clocks.wall
        guard left > 0 else { throw problem(" is past; it is \(Timestamp.text(Clocks.wall))") }
        guard left <= 86_400 * .second else { throw problem(" is more than a day away") }
        startAt = time
    }

    private static func duration(
        _ text: String, of option: String, within range: ClosedRange<Nanoseconds>, _ words: String
    ) throws(Problem) -> Nanoseconds {
        let length: Nanoseconds
        do throws(NotationError) {
            length = try UnitNotation.duration(text)
        } catch {
            throw Problem(option: option, message: "\(text): \(error.message)")
        }
        guard range.contains(length) else { throw Problem(option: option, message: "must be from \(words)") }
        return length
    }

    /// Options of a new run.
    var observerOptions: Observer.Options {
        var options = Observer.Options(
            logInterval: interval, runID: RunIdentifier.make(at: Clocks.wall), tags: tags, startAt: startAt)
        options.lease = lease
        return options
    }
}
