// SPDX-License-Identifier: Apache-2.0

#if TLS
internal import NIOCore
internal import NIOEmbedded
internal import NIOSSL
internal import NIOTLS
internal import Probes

/// One connection's encryption by BoringSSL, behind a channel that has no socket: bytes in, bytes out.
///
/// It is used on one thread, and takes no time but its own: what NIO would do later, such as to wait for the other
/// side's `close_notify`, is never done.
final class BoringSession: TLSSession {
    private let channel = EmbeddedChannel()
    private let outlet: PlainOutlet
    private let peer: SocketAddress
    private var hasHeard = false
    private var isOver = false

    init(_ context: NIOSSLContext, name: String?, peer: SocketAddress) throws {
        let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
        outlet = PlainOutlet(handler, name: name ?? peer.ipAddress ?? "")
        self.peer = peer
        channel.remoteAddress = peer
        try channel.pipeline.syncOperations.addHandlers([handler, outlet])
    }

    deinit { _ = end() }

    var isEstablished: Bool { outlet.isEstablished }
    var hasEnded: Bool { outlet.hasEnded }

    func hello() -> [UInt8] {
        channel.connect(to: peer, promise: nil)
        return sent()
    }

    func take(_ bytes: UnsafeRawBufferPointer) throws(TLSFailure) -> (plain: [UInt8], answer: [UInt8]) {
        if !hasHeard, let first = bytes.first {
            hasHeard = true
            // A record of a handshake, or of an alert: RFC 8446, 5.1.
            guard first == 0x16 || first == 0x15 else {
                let isHTTP = bytes.starts(with: "HTTP/".utf8)
                throw TLSFailure(isHTTP ? "the service answers in plain http" : "the service does not speak TLS")
            }
        }
        let pipeline = channel.pipeline.syncOperations
        pipeline.fireChannelRead(NIOAny(channel.allocator.buffer(bytes: bytes)))
        pipeline.fireChannelReadComplete()
        let answer = sent()
        if let failure = outlet.failure { throw TLSFailure(failure, answer: answer) }
        return (outlet.taken(), answer)
    }

    func seal(_ plain: [UInt8]) throws(TLSFailure) -> [UInt8] {
        channel.pipeline.syncOperations.writeAndFlush(
            NIOAny(channel.allocator.buffer(bytes: plain)), promise: nil)
        let sealed = sent()
        if let failure = outlet.failure { throw TLSFailure(failure) }
        return sealed
    }

    func end() -> [UInt8] {
        if isOver { return [] }
        isOver = true
        if outlet.isEstablished { channel.pipeline.syncOperations.close(mode: .all, promise: nil) }
        let last = sent()
        // The handler waits for the other side's last word otherwise, and the channel for the handler.
        channel.pipeline.syncOperations.fireChannelInactive()
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return last
    }

    /// What is to be sent by now.
    private func sent() -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) {
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }
}

/// The end of the channel: what is understood, and what went wrong.
private final class PlainOutlet: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: NIOSSLClientHandler
    private let name: String
    private var plain: [UInt8] = []
    private(set) var isEstablished = false
    private(set) var hasEnded = false
    /// Why the connection is of no use; the first reason is the one.
    private(set) var failure: String?

    init(_ handler: NIOSSLClientHandler, name: String) {
        self.handler = handler
        self.name = name
    }

    func taken() -> [UInt8] {
        defer { plain = [] }
        return plain
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        plain.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event as? TLSUserEvent {
        case .handshakeCompleted: isEstablished = true
        // The other side's `close_notify` has come, and ours is sent.
        case .shutdownCompleted: hasEnded = true
        case nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // While there is a certificate to look at.
        if failure == nil { failure = FailureWords.text(error, name: name, certificate: handler.peerCertificate) }
    }
}
#endif
