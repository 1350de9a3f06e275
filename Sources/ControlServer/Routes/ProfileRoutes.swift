// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import HummingbirdCore
internal import LinuxSystem
internal import Reporting

/// `/v1/profiles`: the profiles of one directory.
struct ProfileRoutes: Sendable {
    let directory: String?
    let length: @Sendable ([UInt8]) -> Double?

    private static let countLimit = 1000
    private static let sizeLimit = 1 << 20

    var routes: [Route] {
        [Route("/v1/profiles", [(.get, list)]), Route("/v1/profiles/*", [(.get, show)])]
    }

    @Sendable private func list(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        var json = JSONWriter(.compact)
        json.beginObject()
        json.key("profiles")
        json.beginArray()
        for name in names() {
            guard let text = text(of: name) else { continue }
            json.beginObject()
            json.key("name")
            json.string(name)
            json.key("question")
            json.string(Self.question(text))
            json.key("length_s")
            json.decimal(length(text), places: 9)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.endLine()
        return .document(json.bytes)
    }

    @Sendable private func show(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        let name = call.parameters[0]
        // A name out of the list, and nothing that could be a path.
        guard names().contains(name), let text = text(of: name) else {
            throw Problem(.notFound, "there is no profile '\(name)'; GET /v1/profiles lists them")
        }
        return .document(text, "application/yaml")
    }

    private func names() -> [String] {
        guard let directory, let folder = try? OwnedDescriptor.open(directory, FileFlags.directory) else { return [] }
        let files = DirectoryReader.names(ofDescriptor: folder.rawValue, limit: Self.countLimit)
        return files.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
    }

    private func text(of name: String) -> [UInt8]? {
        // A link out of the directory, or a pipe in it, is no profile.
        directory.flatMap { try? RegularFile.bytes("\($0)/\(name).yaml", limit: Self.sizeLimit, in: [$0]) }
    }

    /// The first line of the comment that the profile begins with.
    private static func question(_ text: [UInt8]) -> String? {
        let line = String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)
        guard line.hasPrefix("#") else { return nil }
        return line.drop { $0 == "#" }.trimmed
    }
}
#endif
