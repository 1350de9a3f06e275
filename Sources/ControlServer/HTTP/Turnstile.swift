// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import NIOCore
internal import NIOSSL

/// Lets the requests of one connection in one by one.
///
/// While one waits for its answer, or the answer for a reader, nothing behind it is parsed, and no more is read than
/// was on its way. Without it a caller who sends thousands of requests ahead, and reads no answer, has all of them kept
/// here.
final class Turnstile: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// What is read at a time, in bytes: the most that is kept of a connection.
    private static let portion = 16384
    /// Longer than any method and the first byte of a target.
    private static let methodLimit = 64

    private var held = ByteBuffer()
    private var isShut = false
    /// Whether the next byte is the first of a request.
    private var isAtHead = true
    private var isReadWanted = false
    private var isPassing = false
    private var isRefused = false
    private var context: ChannelHandlerContext?

    /// Puts it where bytes are plain and not parsed yet.
    static func add(to pipeline: ChannelPipeline.SynchronousOperations) -> Turnstile {
        let turnstile = Turnstile()
        if let tls = try? pipeline.handler(type: NIOSSLServerHandler.self) {
            try? pipeline.addHandler(turnstile, position: .after(tls))
        } else {
            try? pipeline.addHandler(turnstile, position: .first)
        }
        return turnstile
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let options = context.channel.syncOptions
        try? options?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.portion))
        try? options?.setOption(.maxMessagesPerRead, value: 1)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Whether something was sent ahead.
    var hasMore: Bool { held.readableBytes > 0 }

    /// Nothing more comes in: a request is complete.
    func shut() { isShut = true }

    /// The next request may come in.
    func open() {
        guard isShut else { return }
        isShut = false
        isAtHead = true
        guard let context, pass(context) else { return }
        context.fireChannelReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        held.writeBuffer(&bytes)
        _ = pass(context)
    }

    func read(context: ChannelHandlerContext) {
        // With nothing in hand one may look who hangs up meanwhile.
        if isShut, held.readableBytes > 0 { isReadWanted = true } else { context.read() }
    }

    /// Lets in what may come in; whether that was anything.
    private func pass(_ context: ChannelHandlerContext) -> Bool {
        if isPassing { return false }
        isPassing = true
        defer { isPassing = false }
        var hasPassed = false
        while !isShut, !isRefused, held.readableBytes > 0 {
            if isAtHead {
                guard let isAllowed = isTargetAllowed else { break }
                if !isAllowed { return refuse(context) }
                isAtHead = false
            }
            guard let piece = held.readSlice(length: pieceLength) else { break }
            hasPassed = true
            context.fireChannelRead(wrapInboundOut(piece))
        }
        if held.readableBytes == 0 { held.clear(minimumCapacity: 0) }
        if isReadWanted, !isShut || held.readableBytes == 0 {
            isReadWanted = false
            context.read()
        }
        return hasPassed
    }

    /// How far the first empty line reaches: no more than one request can be complete with it.
    private var pieceLength: Int {
        let bytes = held.readableBytesView
        var hasBreak = false
        for index in bytes.indices {
            switch bytes[index] {
            case 0x0A where hasBreak: return index - bytes.startIndex + 1
            case 0x0A: hasBreak = true
            case 0x0D: continue
            default: hasBreak = false
            }
        }
        return bytes.count
    }

    /// Whether a request is for a path here; `nil` where that has not come yet.
    ///
    /// One whose target names a host (RFC 9112, 3.2.2) would be answered by that, and not by the Host field that is
    /// looked at.
    private var isTargetAllowed: Bool? {
        let line = held.readableBytesView.prefix(Self.methodLimit).drop { $0 == 0x0D || $0 == 0x0A }
        guard let space = line.firstIndex(of: 0x20) else {
            // The parser says what is wrong with it.
            return line.count == Self.methodLimit || line.contains(0x0A) ? true : nil
        }
        guard space + 1 < line.endIndex else { return nil }
        return line[space + 1] == UInt8(ascii: "/") || line[space + 1] == UInt8(ascii: "*")
    }

    private func refuse(_ context: ChannelHandlerContext) -> Bool {
        isRefused = true
        held.clear(minimumCapacity: 0)
        let body = Problem(.malformed, "the target of a request is a path, such as /v1/runs").body
        var headers: HTTPFields = [
            .contentType: Problem.mediaType, .contentLength: "\(body.count)", .connection: "close",
        ]
        Responder.secure(&headers)
        let fields = headers.map { "\($0.name.canonicalName): \($0.value)\r\n" }.joined()
        let bytes = ByteBuffer(bytes: Array("HTTP/1.1 400 Bad Request\r\n\(fields)\r\n".utf8) + body)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
        context.close(promise: nil)
        return false
    }
}

@available(*, unavailable)
extension Turnstile: Sendable {}
#endif
