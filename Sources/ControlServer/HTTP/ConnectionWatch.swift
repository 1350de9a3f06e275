// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Watches what one connection does, and ends it where that takes too long.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    private var number: Int?
    private var door: Door?
    private var phase = Connections.Phase.silent
    /// Requests that came and are not answered.
    private var requests = 0
    private var timer: Scheduled<Void>?
    /// Ends a connection to which nothing can be sent.
    private var stall: Scheduled<Void>?
    private static let patience = TimeAmount.seconds(60)

    init(_ connections: Connections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        let door = Door()
        self.door = door
        // It stands before TLS, whose farewell would wait for an answer.
        try? context.pipeline.syncOperations.addHandler(door, position: .first)
        let channel = context.channel
        let bound = NIOLoopBound(door, eventLoop: context.eventLoop)
        number = connections.add(
            Connections.Handle(
                end: { bound.eventLoop.execute { bound.value.shut() } }, isStalled: { !channel.isWritable }))
        enter(.silent, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            enter(.asking, context)
        case .body: break
        case .end: enter(requests > 0 ? .answering : .idle, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            requests -= 1
            // What is answered before it was read whole is still being read.
            if requests == 0, phase == .answering { enter(.idle, context) }
        }
        context.write(data, promise: promise)
    }

    /// An answer that nobody takes is not kept for ever, nor what it is made of.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [door] in door?.shut() }
        }
        context.fireChannelWritabilityChanged()
    }

    private func enter(_ phase: Connections.Phase, _ context: ChannelHandlerContext) {
        self.phase = phase
        if let number { connections.enter(phase, number) }
        timer?.cancel()
        timer = phase.limit.map { seconds in
            context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { [door] in door?.shut() }
        }
    }

    private func leave() {
        timer?.cancel()
        stall?.cancel()
        timer = nil
        stall = nil
        if let number { connections.remove(number) }
        number = nil
        door = nil
    }
}

@available(*, unavailable)
extension ConnectionWatch: Sendable {}

/// The outer end of a connection, at which it can be ended without a word.
private final class Door: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func shut() { context?.close(promise: nil) }
}
#endif
