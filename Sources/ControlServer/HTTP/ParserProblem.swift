// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Gives a body to what Hummingbird answers where bytes are no HTTP.
///
/// No route of ours sees those, and Hummingbird's own answer is a bare 400.
final class ParserProblem: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(let head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentType] == nil
        else { return context.write(data, promise: promise) }
        let (problem, body) = Self.problem
        context.write(wrapOutboundOut(.head(problem)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: promise)
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
#endif
