// SPDX-License-Identifier: Apache-2.0

public import LoadModel

extension Observer {
    /// How a run is observed.
    public struct Options {
        /// The time between two samples in the log.
        public var logInterval: Nanoseconds
        /// The run's identifier.
        public var runID: String
        /// Labels and trace.
        public var tags: RunTags
        /// For how long the run goes on when nobody renews it; `nil` for as long as its plan says.
        public var lease: Nanoseconds?
        /// Where orders come from; `nil` where nobody gives any.
        public var steering: (any RunSteering)?
        /// Resolves new loads; `nil` where targets never change.
        public var retargeter: Retargeter?
        /// When the load is to begin, in nanoseconds since the Unix epoch; `nil` for as soon as all is ready.
        public var startAt: Nanoseconds?

        /// Called when everything is released, before the end is told: what is found to be left goes into the record.
        public var settle: ((inout RunRecord) -> Void)?

        /// Creates options.
        public init(
            logInterval: Nanoseconds, runID: String, tags: RunTags = RunTags(), startAt: Nanoseconds? = nil
        ) {
            self.logInterval = logInterval
            self.runID = runID
            self.tags = tags
            self.startAt = startAt
        }
    }
}
