// SPDX-License-Identifier: Apache-2.0

/// The argument that makes the binary an observer that is driven over its standard input: `exert observe`.
///
/// One JSON value a line. Standard input takes ``WireCommand``s, the first of which starts the run; its end, like a
/// stop, ends the run. Standard output gives the lines of the experiment log (they have a member `schema`) and between
/// them ``WireAnswer``s (which have not). The process ends when everything is released.
package enum Wire {
    /// The hidden subcommand.
    package static let subcommand = "observe"
    /// The longest command, in bytes; a longer one ends the run.
    package static let commandLimit = 16 << 20
    /// How often whoever drives the run says that it is there, in ns.
    package static let beatInterval: Int64 = 1_000_000_000
    /// How long it may be silent before the run ends by itself, in ns: stopped, or gone in a way that neither closed
    /// the pipe nor sent the signal of a parent's death.
    package static let silenceLimit: Int64 = 20_000_000_000
}

/// What a run is told.
package struct WireCommand: Codable, Sendable {
    /// What the answer refers to.
    package var id: Int
    /// Starts the run; the first command, and only that.
    package var start: RunRequest?
    /// New loads by the name of the stressor, from now to the end of the present phase.
    package var load: [String: String]?
    /// How long the way to those loads may take, by the name of the stressor.
    package var within: [String: String]?
    /// Releases every load, or takes it up again.
    package var state: State?
    /// Extends the lease.
    package var renew: Bool?
    /// Ends the run; there is no answer but the run's end.
    package var stop: Bool?
    /// Says that whoever drives the run is there; there is no answer.
    package var beat: Bool?

    /// Whether a run exerts.
    package enum State: String, Codable, Sendable {
        case paused, running
    }

    package init(
        id: Int, start: RunRequest? = nil, load: [String: String]? = nil, within: [String: String]? = nil,
        state: State? = nil, renew: Bool? = nil, stop: Bool? = nil, beat: Bool? = nil
    ) {
        self.id = id
        self.start = start
        self.load = load
        self.within = within
        self.state = state
        self.renew = renew
        self.stop = stop
        self.beat = beat
    }
}

/// What a run answers; exactly one member is there.
package struct WireAnswer: Codable, Sendable {
    /// The command was carried out.
    package var done: Done?
    /// The command was refused; of a start, the process ends.
    package var refused: Refused?
    /// The run has ended and everything is released; the last line.
    package var ended: Ended?

    package struct Done: Codable, Sendable {
        package var id: Int
        /// What is being run; of a start only.
        package var outline: RunOutline?

        package init(id: Int, outline: RunOutline? = nil) {
            self.id = id
            self.outline = outline
        }
    }

    package struct Refused: Codable, Sendable {
        package var id: Int
        package var refusal: Refusal

        package init(id: Int, refusal: Refusal) {
            self.id = id
            self.refusal = refusal
        }
    }

    package struct Ended: Codable, Sendable {
        /// The exit code that `exert run` would have ended with.
        package var exitCode: Int32
        /// The report for people.
        package var text: String
        /// The report as a JSON document; empty where the load never began.
        package var json: String
        /// Why the load never began; `nil` where it did.
        package var refusal: Refusal?

        package init(exitCode: Int32, text: String, json: String, refusal: Refusal? = nil) {
            self.exitCode = exitCode
            self.text = text
            self.json = json
            self.refusal = refusal
        }
    }

    package init(done: Done) { self.done = done }
    package init(refused: Refused) { self.refused = refused }
    package init(ended: Ended) { self.ended = ended }
}
