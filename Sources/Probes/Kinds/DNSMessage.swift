// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Queries and answers of the domain name system: RFC 1035, 4.
enum DNSMessage {
    /// What is asked for; the raw value is the type's number.
    enum Kind: UInt16 {
        case address = 1
        case address6 = 28
    }

    /// What came.
    struct Answer: Equatable {
        /// The number of the query that it answers.
        var id: UInt16
        /// 0 where there was no error.
        var code: UInt8
        /// IPv4 and IPv6 addresses, of 4 and 16 bytes.
        var addresses: [[UInt8]]
    }

    /// A query for a name; `nil` where the name is none.
    static func query(_ id: UInt16, _ name: String, _ kind: Kind) -> [UInt8]? {
        var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 255), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
        let isRooted = labels.count > 1 && labels.last?.isEmpty == true
        let used = isRooted ? labels.dropLast() : labels[...]
        guard !used.isEmpty, used.allSatisfy({ (1...63).contains($0.count) }), name.utf8.count <= 253 else {
            return nil
        }
        for label in used { bytes += [UInt8(label.count)] + label }
        return bytes + [0, 0, UInt8(kind.rawValue), 0, 1]
    }

    /// Reads an answer; `nil` where it is none.
    static func answer(_ bytes: [UInt8]) -> Answer? {
        guard bytes.count >= 12, bytes[2] & 0x80 != 0 else { return nil }
        func word(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
        var answer = Answer(id: UInt16(word(0)), code: bytes[3] & 15, addresses: [])
        var at = 12
        for _ in 0..<word(4) {
            guard let end = skipName(bytes, at), end + 4 <= bytes.count else { return nil }
            at = end + 4
        }
        for _ in 0..<word(6) {
            guard let end = skipName(bytes, at), end + 10 <= bytes.count else { return nil }
            let (type, length) = (word(end), word(end + 8))
            at = end + 10 + length
            guard at <= bytes.count else { return nil }
            if type == Kind.address.rawValue && length == 4 || type == Kind.address6.rawValue && length == 16 {
                answer.addresses.append(Array(bytes[(at - length)..<at]))
            }
        }
        return answer
    }

    /// Where a name ends: at a root label, or with a pointer to the rest of it.
    private static func skipName(_ bytes: [UInt8], _ start: Int) -> Int? {
        var at = start
        while at < bytes.count {
            let length = Int(bytes[at])
            if length == 0 { return at + 1 }
            if length & 0xC0 == 0xC0 { return at + 2 <= bytes.count ? at + 2 : nil }
            guard length < 64 else { return nil }
            at += 1 + length
        }
        return nil
    }

    /// The bytes of an address in words; `nil` where it is none.
    static func address(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }
}
