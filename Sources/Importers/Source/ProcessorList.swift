// SPDX-License-Identifier: Apache-2.0

/// Numbers of processors, as `0-3,8`; each counts once, in order.
struct ProcessorList {
    /// As a profile writes them.
    let text: String
    let count: Int64

    /// Reads numbers and ranges; `nil` of anything else.
    init?(_ text: String) {
        var ranges: [ClosedRange<Int64>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
            guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], (0...65_535).contains(first),
                (first...65_535).contains(last)
            else { return nil }
            ranges.append(first...last)
        }
        var merged: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.text = merged.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }.joined(separator: ",")
        count = merged.reduce(0) { $0 + $1.upperBound - $1.lowerBound + 1 }
    }
}
