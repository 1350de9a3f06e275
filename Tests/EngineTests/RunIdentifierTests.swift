// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel
import Testing

@Suite struct RunIdentifierTests {
    private static let now: Nanoseconds = 1_795_356_000 * .second

    @Test(arguments: [0, now, -1, Nanoseconds.max])
    func `an identifier has 26 characters of Crockford's alphabet`(time: Nanoseconds) {
        for _ in 0..<100 {
            let identifier = RunIdentifier.make(at: time)
            #expect(identifier.count == 26)
            #expect(identifier.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
        }
    }

    @Test func `identifiers sort by time, to the millisecond`() {
        let times = [0, .millisecond, .second, Self.now, Self.now + .millisecond, Self.now + 400 * 86_400 * .second]
        let identifiers = times.map { RunIdentifier.make(at: $0) }
        #expect(identifiers == identifiers.sorted())
        #expect(Set(identifiers.map { $0.prefix(10) }).count == times.count)
    }

    /// 1469918176385 ms is the example of the ULID specification.
    @Test func `the time is written as the specification writes it`() {
        #expect(RunIdentifier.make(at: 1_469_918_176_385 * .millisecond).hasPrefix("01ARYZ6S41"))
    }

    @Test func `two identifiers of one instant differ`() {
        #expect(Set((0..<1000).map { _ in RunIdentifier.make(at: Self.now) }).count == 1000)
    }
}
