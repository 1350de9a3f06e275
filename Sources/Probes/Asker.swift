// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What an answer comes to.
struct Reply: Equatable {
    var outcome: ProbeOutcome
    /// The number that a probe of a number read.
    var value: Double?
    /// What was said beside it, such as a command's standard error, for people.
    var note: String?

    init(_ outcome: ProbeOutcome, value: Double? = nil, note: String? = nil) {
        self.outcome = outcome
        self.value = value
        self.note = note
    }
}

/// Asks one question at a time, again and again, and never waits: what it waits for is watched.
///
/// It takes what it needs when it is made. Of a probe there are as many as may be in flight.
protocol Asker: AnyObject {
    /// Asks; the reply where there is one at once.
    func ask() -> Reply?
    /// Goes on, since something happened to what is watched; the reply where this was the end of it. May come
    /// unasked and for nothing.
    func wake() -> Reply?
    /// Goes on where that is not for the kernel to tell; called now and then while the answer is awaited, and where
    /// ``isFree`` is not yet.
    func tick() -> Reply?
    /// Wants the answer no more.
    func giveUp()
    /// Whether it can be asked again.
    var isFree: Bool { get }
    /// Gives up what it keeps open for the next question.
    func rest()
    /// Whether events of this watch are of what it waits for now.
    func isCurrent(_ generation: UInt32) -> Bool
}

extension Asker {
    func tick() -> Reply? { nil }
    func rest() {}
    var isFree: Bool { true }
}
