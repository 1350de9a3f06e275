// SPDX-License-Identifier: Apache-2.0

/// A run of loads on this host: started, followed, changed and stopped from here, carried by processes of its own.
///
/// The loads are given back when the run ends, when it is stopped, when nobody holds this object any more, and when
/// this process dies, however it does.
public final class Run: Sendable {
    /// What is run, resolved on this host.
    public let outline: RunOutline
    private let link: ObserverLink

    private init(outline: RunOutline, link: ObserverLink) {
        self.outline = outline
        self.link = link
    }

    deinit { link.abandon() }

    /// Starts a run and returns when it is known what it will do; the load begins soon after.
    ///
    /// - Parameter executable: the `exert` binary; where it is `nil`, the one that `EXERT_EXECUTABLE` names, this
    ///   process's own, the one beside it or the one in `PATH`, in this order.
    /// - Throws: ``Refusal``, with every problem of the request at once.
    public static func start(_ request: RunRequest, executable: String? = nil) async throws(Refusal) -> Run {
        let path: String
        if let executable { path = executable } else { path = try ExertExecutable.find() }
        let link = ObserverLink()
        return Run(outline: try await link.start(request, executable: path), link: link)
    }

    /// Everything that happens in the run, from its first event to its end; may be followed by many.
    ///
    /// The newest events are kept, 20,000 or 2 MiB of them; who is slower than that misses some.
    public var events: some AsyncSequence<RunEvent, Never> & Sendable { RunEvents(log: link.log) }

    /// The samples among the events.
    public var samples: some AsyncSequence<RunSample, Never> & Sendable {
        RunEvents(log: link.log).compactMap { $0.sample }
    }

    /// Gives stressors new loads by name, from now to the end of the present phase; they are written as in a profile.
    ///
    /// - Parameters:
    ///   - load: the loads, by the name of the stressor.
    ///   - within: how long the way to them may take before the error counts, such as `5s`; what the profile says
    ///     unless given.
    /// - Throws: ``Refusal``; then nothing is changed.
    public func retarget(_ load: [String: String], within: [String: String] = [:]) async throws(Refusal) {
        try await link.command { WireCommand(id: $0, load: load, within: within.isEmpty ? nil : within) }
    }

    /// Releases every load until ``resume()``; the run's clock goes on.
    public func pause() async throws(Refusal) {
        try await link.command { WireCommand(id: $0, state: .paused) }
    }

    /// Takes up the loads that the profile says by now.
    public func resume() async throws(Refusal) {
        try await link.command { WireCommand(id: $0, state: .running) }
    }

    /// Changes loads and state in one step: all of it, or nothing.
    package func change(
        load: [String: String]?, within: [String: String]?, isPaused: Bool?
    ) async throws(Refusal) {
        try await link.command {
            WireCommand(id: $0, load: load, within: within, state: isPaused.map { $0 ? .paused : .running })
        }
    }

    /// Extends the run's lease by its length, from now.
    public func renew() async throws(Refusal) {
        try await link.command { WireCommand(id: $0, renew: true) }
        link.renewed()
    }

    /// Ends the run and returns when everything is released; of an ended run the result again.
    @discardableResult
    public func stop() async -> RunResult { await stop(reason: "stopped") }

    package func stop(reason: String) async -> RunResult {
        link.stop(reason: reason)
        return await link.result()
    }

    /// The result, when the run has ended and everything is released.
    public var result: RunResult {
        get async { await link.result() }
    }

    /// The events, by number.
    package var log: RunLog { link.log }

    /// Where the run is.
    package var status: RunStatus { link.status }
}
