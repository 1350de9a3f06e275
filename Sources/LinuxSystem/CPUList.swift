// SPDX-License-Identifier: Apache-2.0

/// The kernel's notation for sets of CPUs and nodes, such as `0-3,8`.
public enum CPUList {
    /// Parses `text`; an empty text is an empty list, and what is not a list is `nil`.
    ///
    /// Numbers are at most 8191, the largest that Linux can be built for, so that no text makes a huge list.
    public static func parse(_ text: String) -> [Int]? {
        var cpus: Set<Int> = []
        if text.isEmpty { return [] }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap({ Int($0) }), let last = Int(ends[ends.count - 1]), ends.count <= 2,
                first >= 0, first <= last, last < 8192
            else { return nil }
            cpus.formUnion(first...last)
        }
        return cpus.sorted()
    }

    /// Writes `cpus` in the same notation.
    public static func text(_ cpus: [Int]) -> String {
        var parts: [String] = []
        var index = 0
        while index < cpus.count {
            var end = index
            while end + 1 < cpus.count, cpus[end + 1] == cpus[end] + 1 { end += 1 }
            parts.append(end == index ? "\(cpus[index])" : "\(cpus[index])-\(cpus[end])")
            index = end + 1
        }
        return parts.joined(separator: ",")
    }
}
