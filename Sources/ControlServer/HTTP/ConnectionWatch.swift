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
    private let queue: Queue
    /// Whether it waits for its turn, and the turn that it has.
    private var isQueued = false
    private var turn: Int?
    private var number: Int?
    private var door: Door?
    private var turnstile: Turnstile?
    private var phase = Connections.Phase.silent
    /// Requests that came and are not answered.
    private var requests = 0
    private var timer: Scheduled<Void>?
    /// Ends a connection to which nothing can be sent.
    private var stall: Scheduled<Void>?
    private static let patience = TimeAmount.seconds(60)

    init(_ connections: Connections, _ queue: Queue) { (self.connections, self.queue) = (connections, queue) }

    func handlerAdded(context: ChannelHandlerContext) {
        let door = Door()
        self.door = door
        // It stands before TLS, whose farewell would wait for an answer.
        try? context.pipeline.syncOperations.addHandler(door, position: .first)
        turnstile = Turnstile.add(to: context.pipeline.syncOperations)
        let channel = context.channel
        let bound = NIOLoopBound(door, eventLoop: context.eventLoop)
        number = connections.add(
            Connections.Handle(
                end: { bound.eventLoop.execute { bound.value.shut() } }, isStalled: { !channel.isWritable }))
        enter(.silent, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave(context) }

    func channelInactive(context: ChannelHandlerContext) {
        leave(context)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            enter(.asking, context)
        case .body: break
        case .end:
            enter(requests > 0 ? .answering : .idle, context)
            turnstile?.shut()
            if requests == 0 { letIn(context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            requests -= 1
            // What is answered before it was read whole is still being read.
            if requests == 0, phase == .answering {
                enter(.idle, context)
                endTurn(context.eventLoop)
                letIn(context)
            }
        }
        context.write(data, promise: promise)
    }

    /// Lets the next request in, once the answer to the last one is on its way: at once where it is still to come, and
    /// in its turn where it was sent ahead.
    private func letIn(_ context: ChannelHandlerContext) {
        let channel = context.channel
        context.eventLoop.assumeIsolated().execute { [self] in
            guard let turnstile, phase == .idle, channel.isWritable else { return }
            guard turnstile.hasMore else { return turnstile.open() }
            if isQueued { return }
            isQueued = true
            let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
            queue.enter(channel.eventLoop) { number in
                bound.eventLoop.execute { bound.value.begin(turn: number, channel) }
            }
        }
    }

    private func begin(turn number: Int, _ channel: any Channel) {
        isQueued = false
        turn = number
        if phase == .idle, channel.isWritable { turnstile?.open() }
        // Nobody is there any more, nobody takes the last answer, or the request is not all there.
        if phase == .idle { endTurn(channel.eventLoop) }
    }

    private func endTurn(_ loop: any EventLoop) {
        if let turn { queue.leave(turn, loop) }
        turn = nil
    }

    /// An answer that nobody takes is not kept for ever, nor what it is made of.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [door] in door?.shut() }
        }
        if context.channel.isWritable, phase == .idle { letIn(context) }
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

    private func leave(_ context: ChannelHandlerContext) {
        endTurn(context.eventLoop)
        timer?.cancel()
        stall?.cancel()
        timer = nil
        stall = nil
        if let number { connections.remove(number) }
        number = nil
        door = nil
        turnstile = nil
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
