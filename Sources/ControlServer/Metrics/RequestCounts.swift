// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import Synchronization

/// How many requests were answered, by method and code.
final class RequestCounts: Sendable {
    struct Key: Hashable, Comparable, Sendable {
        var method: String
        var code: Int

        static func < (left: Key, right: Key) -> Bool { (left.method, left.code) < (right.method, right.code) }
    }

    private let counts = Mutex<[Key: Int]>([:])

    /// Methods that are told apart: anybody can invent more.
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]

    func add(method: HTTPRequest.Method, code: Int) {
        let name = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
        counts.withLock { $0[Key(method: name, code: code), default: 0] += 1 }
    }

    var all: [(key: Key, count: Int)] {
        counts.withLock { $0.map { (key: $0.key, count: $0.value) } }.sorted { $0.key < $1.key }
    }
}
#endif
