// SPDX-License-Identifier: Apache-2.0

/// Numbers as text for the page's script: every sample, in about a byte or less.
///
/// Values are whole numbers of steps. What is written is the difference to the one before, in 90 signs that need no
/// escape in JSON within HTML (ASCII 33 through 126 without `"`, `&`, `<` and `\`). A sign is, by its number:
///
/// | number | stands for |
/// |---|---|
/// | 0–80 | two differences of -4 through 4: `9 · (a + 4) + (b + 4)` |
/// | 81, 82, 83 | one difference, zigzag, in the next 1, 2 or 3 signs, the lowest first |
/// | 84, 85 | so many differences of 0, in the next 1 or 2 signs |
/// | 86 | so many values that are missing, in the next 2 signs |
///
/// A page must be read without a network and by whatever browser there is; a deflate of our own would save half.
enum PackedSeries {
    static let base = 90
    static let alphabet: [UInt8] = (33...126).filter { ![0x22, 0x26, 0x3C, 0x5C].contains($0) }
    private static let longest = base * base - 1

    /// The text of `values`, none of which may be beyond ±180,000; `nil` stands for a missing one.
    static func text(_ values: [Int32?]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(values.count / 2 + 16)
        func put(_ number: Int, width: Int) {
            var rest = number
            for _ in 0..<width {
                text.append(alphabet[rest % base])
                rest /= base
            }
        }
        var last: Int32 = 0
        var index = 0
        while index < values.count {
            guard let value = values[index] else {
                let run = length(of: values, from: index) { $0 == nil }
                text.append(alphabet[86])
                put(run, width: 2)
                index += run
                continue
            }
            let difference = Int(value - last)
            if difference == 0 {
                let run = length(of: values, from: index) { $0 == last }
                if run > 4 {
                    text.append(alphabet[run < base ? 84 : 85])
                    put(run, width: run < base ? 1 : 2)
                    index += run
                    continue
                }
            }
            last = value
            index += 1
            if abs(difference) <= 4, index < values.count, let next = values[index], abs(Int(next - last)) <= 4 {
                text.append(alphabet[9 * (difference + 4) + Int(next - last) + 4])
                last = next
                index += 1
                continue
            }
            let zigzag = difference >= 0 ? 2 * difference : -2 * difference - 1
            let width = zigzag < base ? 1 : zigzag <= longest ? 2 : 3
            text.append(alphabet[80 + width])
            put(min(zigzag, base * base * base - 1), width: width)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func length(of values: [Int32?], from start: Int, _ isIn: (Int32?) -> Bool) -> Int {
        var end = start
        while end < values.count, end - start < longest, isIn(values[end]) { end += 1 }
        return end - start
    }
}
