// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a library of TLS is asked for; it is entered where https is asked for, and nowhere else.
public protocol TLSProvider: Sendable {
    /// Reads the authorities once, before the start.
    ///
    /// - Parameter name: the name or the address that the certificate must be of.
    /// - Throws: ``ProbeProblem`` where there can be no connection of the kind.
    func client(name: String, security: HTTPQuestion.Security) throws(ProbeProblem) -> any TLSClient
}

/// Makes the sessions of one probe.
public protocol TLSClient: AnyObject {
    /// A session for a connection that is about to be made; `nil` where there is no memory for it.
    func session() -> (any TLSSession)?
}

/// The handshake failed, or the certificate does not hold.
public struct TLSFailure: Error, Hashable, Sendable {
    /// The reason, for people.
    public var reason: String
    /// What tells the other side of it: an alert.
    public var answer: [UInt8]

    /// Creates a failure.
    public init(_ reason: String, answer: [UInt8] = []) {
        self.reason = reason
        self.answer = answer
    }
}

/// One connection's encryption: bytes in, bytes out, and no descriptor.
public protocol TLSSession: AnyObject {
    /// Whether the handshake is over and the certificate holds, so that something may be sent.
    var isEstablished: Bool { get }
    /// Whether the other side has said that nothing more comes, `close_notify`: RFC 8446, 6.1.
    ///
    /// Without it, anybody may have cut off what came.
    var hasEnded: Bool { get }
    /// What is sent first.
    func hello() -> [UInt8]
    /// Takes what came; returns what it says, and what is to be sent in answer.
    func take(_ bytes: UnsafeRawBufferPointer) throws(TLSFailure) -> (plain: [UInt8], answer: [UInt8])
    /// What stands for `plain` on the wire.
    func seal(_ plain: [UInt8]) throws(TLSFailure) -> [UInt8]
    /// Ends it for good; what is sent last.
    func end() -> [UInt8]
}
