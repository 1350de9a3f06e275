// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a run is told while it goes on; several things at once are done all or none.
public struct RunOrder: Hashable, Sendable {
    /// New loads by the name of the stressor, from now to the end of the present phase.
    public var loads: [String: String] = [:]
    /// How long the way to a new load may take, by the name of the stressor, as it is written.
    public var within: [String: String] = [:]
    /// Whether every load is to be released, or taken up again; `nil` where that is not asked.
    public var pauses: Bool?
    /// Whether the lease begins anew.
    public var renews = false
    /// Whether the run is to end.
    public var stops = false

    /// Creates an order that asks for nothing.
    public init() {}
}

/// Why an order was not carried out.
public struct OrderRefusal: Error, Hashable, Sendable {
    /// What kind of reason it is.
    public enum Kind: Hashable, Sendable {
        /// The order is wrong.
        case invalid
        /// This host cannot do it.
        case unsupported
        /// It does not fit the state that the run is in.
        case conflict
    }
    /// What kind of reason it is.
    public var kind: Kind
    /// The reason, for people.
    public var message: String
    /// Each problem of a load by itself.
    public var diagnostics: [Diagnostic]

    /// Creates a refusal.
    public init(_ kind: Kind, _ message: String, diagnostics: [Diagnostic] = []) {
        self.kind = kind
        self.message = message
        self.diagnostics = diagnostics
    }
}

/// Where a run's orders come from; everything is called on the observer's thread.
public protocol RunSteering: AnyObject {
    /// What becomes readable when an order may have come; asked anew after each look.
    var descriptors: [Int32] { get }
    /// The next order that has come; `nil` where there is none. Asked at each look, ten times a second at least.
    func next() -> RunOrder?
    /// Tells what became of the order that was taken last.
    func answer(_ refusal: OrderRefusal?)
}
