// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Gives a body to what Hummingbird answers where bytes are no HTTP, and an answer where it would only hang up.
final class ParserProblem: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var isAnswering = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(let head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentType] == nil
        else {
            if case .head = unwrapOutboundIn(data) { isAnswering = true }
            if case .end = unwrapOutboundIn(data) { isAnswering = false }
            return context.write(data, promise: promise)
        }
        isAnswering = true
        let (problem, body) = Self.problem
        context.write(wrapOutboundOut(.head(problem)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: promise)
    }

    /// What the parser took and HTTP's types do not, such as a path that is missing, would end in silence.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !"\(type(of: error))".hasPrefix("HTTPParserError"), !isAnswering,
            "\(type(of: error))".contains("HTTP")
        else { return context.fireErrorCaught(error) }
        isAnswering = true
        let (problem, body) = Self.problem
        context.write(wrapOutboundOut(.head(problem)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }

    private static var problem: (HTTPResponse, [UInt8]) {
        let body = Problem(.malformed, "the bytes are no HTTP/1.1 request").body
        var headers: HTTPFields = [
            .contentType: Problem.mediaType, .contentLength: "\(body.count)", .connection: "close",
        ]
        Responder.secure(&headers)
        return (HTTPResponse(status: .badRequest, headerFields: headers), body)
    }
}
