// SPDX-License-Identifier: Apache-2.0

/// Puts lines together from what a pipe gives.
struct LineSplitter {
    private var rest: [UInt8] = []
    private let limit: Int

    /// Whether a line was longer than the limit; nothing is read after that.
    private(set) var hasOverflowed = false

    /// - Parameter limit: the longest line that is taken, in bytes.
    init(limit: Int) { self.limit = limit }

    /// Hands each whole line, its line feed included, to `body`.
    mutating func take(_ bytes: ArraySlice<UInt8>, _ body: ([UInt8]) -> Void) {
        var bytes = bytes
        while !hasOverflowed, let end = bytes.firstIndex(of: 0x0A) {
            rest += bytes[...end]
            bytes = bytes[(end + 1)...]
            if rest.count > limit {
                hasOverflowed = true
            } else {
                body(rest)
            }
            rest = []
        }
        rest += bytes
        if rest.count > limit { hasOverflowed = true }
    }
}
