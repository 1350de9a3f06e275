// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What is asked of an importer beside the source.
public struct ImportOptions: Sendable {
    /// What the source is called in comments, such as `example.job`.
    public var source: String
    /// The name of the profile; `nil` for the one that the source has, if any.
    public var name: String?
    /// How many processors stand for "all of them" where a figure is needed.
    public var processors: Int
    /// Whether somebody said so; else it is how many the host has that imports.
    public var isProcessorsGiven: Bool
    /// How long a load lasts of which the source does not say so; `nil` for what the tool does.
    public var length: Nanoseconds?
    /// Of curves: the kind of stressor that follows them, such as `cpu`.
    public var kind: String?
    /// Of curves: the load that their highest point stands for, such as `80%`.
    public var peak: String?
    /// Which experiment or document the values are of, where the source does not say so.
    public var action: String?

    /// How many processors may be said.
    public static let processorsRange = 1...Int(Workers.limit)

    /// Creates options; a number of processors out of ``processorsRange`` is the nearest one in it.
    public init(source: String, processors: Int, isProcessorsGiven: Bool = false) {
        self.source = source
        self.processors = min(max(1, processors), Self.processorsRange.upperBound)
        self.isProcessorsGiven = isProcessorsGiven
    }
}
