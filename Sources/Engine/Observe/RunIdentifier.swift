// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Identifiers that sort by time and need no registry: ULIDs, 48 bits of milliseconds and 80 random ones.
public enum RunIdentifier {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A new identifier for a run that starts at `time`, nanoseconds since the Unix epoch.
    public static func make(at time: Nanoseconds) -> String {
        var high = UInt64(max(0, time) / .millisecond)
        var characters = [UInt8](repeating: 0, count: 26)
        for index in stride(from: 9, through: 0, by: -1) {
            characters[index] = alphabet[Int(high & 31)]
            high >>= 5
        }
        for index in 10..<26 { characters[index] = alphabet[Int.random(in: 0..<32)] }
        return String(decoding: characters, as: UTF8.self)
    }
}
