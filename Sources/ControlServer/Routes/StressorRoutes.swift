// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import HummingbirdCore
internal import Reporting

/// `/v1/stressors`: the kinds of stressor.
struct StressorRoutes: Sendable {
    private let document: [UInt8]

    init(_ stressors: [ServerOptions.StressorKind]) {
        var json = JSONWriter(.compact)
        json.beginObject()
        json.key("stressors")
        json.beginArray()
        for stressor in stressors {
            json.beginObject()
            json.key("kind")
            json.string(stressor.kind)
            json.key("unit")
            json.string(stressor.unit)
            json.key("summary")
            json.string(stressor.summary)
            json.key("reach")
            json.string(stressor.reach)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.endLine()
        document = json.bytes
    }

    var routes: [Route] { [Route("/v1/stressors", [(.get, list)])] }

    @Sendable private func list(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        return .document(document)
    }
}
#endif
