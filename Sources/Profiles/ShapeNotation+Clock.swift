// SPDX-License-Identifier: Apache-2.0

import LoadModel

// `starting at 14:00 Europe/Berlin`: a period begins at a time of day.
extension ShapeNotation {
    /// The shape as its `starting` has it, where it has one.
    func onClock(_ shape: LoadShape, _ clauses: ShapeClauses) throws(NotationError) -> LoadShape {
        guard let clause = clauses["starting"] else { return shape }
        guard clauses["offset"] == nil else {
            throw NotationError(
                clause.offset, "a shape has an 'offset' or is 'starting' at a time of day, not both; leave one out")
        }
        guard timeScale == 1 else {
            throw NotationError(
                clause.offset, "a day stays as long as it is: '--scale-time' takes no load that is 'starting' at a time"
            )
        }
        let words = clause.words
        guard words.first?.text == "at", words.count >= 2 else {
            throw NotationError(clause.offset, "write it as 'starting at 14:00 UTC'")
        }
        let time = try Self.time(words[1])
        guard words.count == 3 else {
            let end = words.count > 3 ? words[3].offset : clause.end
            throw NotationError(
                end,
                words.count > 3
                    ? "unexpected \(Wording.quote(words[3].text)) behind the time zone"
                    : "name the time zone, such as '\(words[1].text) UTC', 'Europe/Berlin', '+02:00' or 'local'")
        }
        let zone = words[2]
        guard Self.isZone(zone.text) else {
            throw NotationError(
                zone.offset,
                "\(Wording.quote(zone.text)) is no time zone; write UTC, how far it is ahead such as '+02:00', or a "
                    + "name such as 'Europe/Berlin'")
        }
        return .onClock(shape, DayTime(sinceMidnight: time, zone: zone.text))
    }

    /// Reads `14:00` or `14:00:30`.
    private static func time(_ word: Phrase) throws(NotationError) -> Nanoseconds {
        let parts = word.text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int64? in
            part.utf8.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(part) : nil
        }
        guard (2...3).contains(parts.count), numbers.count == parts.count, numbers[0] < 24,
            numbers.dropFirst().allSatisfy({ $0 < 60 })
        else {
            throw NotationError(
                word.offset, "\(Wording.quote(word.text)) is no time of day; write it from '00:00' to '23:59'")
        }
        return numbers.reversed().enumerated().reduce(0) { sum, part in
            let unit: Int64 = [1, 60, 3600][part.offset + 3 - numbers.count]
            return sum + part.element * unit * .second
        }
    }

    /// What may be a time zone: which there are, the host that runs it knows.
    static let zonePattern = #"(?:[+-][0-9]{2}:?[0-9]{2}|[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*)"#

    private static func isZone(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, bytes.count <= 64 else { return false }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
        if "+-".utf8.contains(first) {
            var digits = Array(bytes.dropFirst())
            if digits.count == 5, digits[2] == UInt8(ascii: ":") { digits.remove(at: 2) }
            return digits.count == 4 && digits.allSatisfy(isDigit) && (digits[0], digits[1]) < (0x32, 0x34)
        }
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return isLetter(first)
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { isLetter($0) || isDigit($0) || "_+-".utf8.contains($0) }
            }
    }
}

extension LoadShape {
    /// Whether it is a wave, of which a sum has not many.
    var isWave: Bool {
        switch self {
        case .sine: true
        case .onClock(let shape, _): shape.isWave
        default: false
        }
    }
}
