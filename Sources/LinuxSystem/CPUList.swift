// SPDX-License-Identifier: Apache-2.0

/// The kernel's notation for sets of CPUs and nodes, such as `0-3,8`.
public enum CPUList {
    /// Parses `text`; an empty text is an empty list, and what is not a list is `nil`.
    ///
    /// Numbers are at most 8191, the largest that Linux can be built for, so that no text makes a huge list.
    public static func parse(_ text: String) -> [Int]? { parse(Array(text.utf8)[...]) }

    /// Parses bytes; a newline at their end is no part of them.
    public static func parse(_ bytes: ArraySlice<UInt8>) -> [Int]? {
        let list = bytes.last == 0x0A ? bytes.dropLast() : bytes
        if list.isEmpty { return [] }
        var cpus: Set<Int> = []
        for part in list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = number(ends[0]), let last = number(ends[ends.count - 1]), first <= last
            else { return nil }
            cpus.formUnion(first...last)
        }
        return cpus.sorted()
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard (1...18).contains(bytes.count) else { return nil }
        var value = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value < 8192 ? value : nil
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
