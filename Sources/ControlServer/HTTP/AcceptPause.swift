// SPDX-License-Identifier: Apache-2.0

#if Server
internal import NIOCore

/// Lets the listener rest when a connection cannot be taken for want of a descriptor or of memory.
///
/// NIO stays up then, but asks again at once, over and over: its own back-off waits for a read that is never made,
/// since the one that failed still counts as pending. A processor that is kept busy so is load that nobody asked for.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(250)

    /// Puts it before all else of a listener.
    static func add(to listener: any Channel) async throws {
        try await listener.eventLoop.submit {
            try listener.pipeline.syncOperations.addHandler(AcceptPause(), position: .first)
        }.get()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let listener = context.channel
        // Not `read`: this is what takes the descriptor out of the poll.
        listener.setOption(.autoRead, value: false).whenComplete { _ in
            listener.eventLoop.scheduleTask(in: Self.pause) { _ = listener.setOption(.autoRead, value: true) }
        }
        context.fireErrorCaught(error)
    }
}
#endif
