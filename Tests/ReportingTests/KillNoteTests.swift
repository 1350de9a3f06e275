// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Reporting

/// What is known of who ended a process stands in the log and behind the sentence.
@Suite struct KillNoteTests {
    private let end: StressorEnd = {
        var end = Fixture.killed
        end.manner = .killed(signal: 9, isOutOfMemory: false)
        end.note = "who sent it is not known to the kernel's accounting"
        return end
    }()

    @Test func theSentenceSaysIt() {
        #expect(
            end.trouble
                == "memory (pid 102) was killed by SIGKILL: who sent it is not known to the kernel's accounting")
    }

    @Test func theLogHasItAsAMember() throws {
        var log = EventLog(plan: Fixture.plan)
        let line = log.line(Fixture.event(2, .stressorEnded(end)))
        let object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(object["note"] as? String == end.note)
        #expect(try MiniSchema(LogSchema.jsonSchema()).accepts(String(decoding: line, as: UTF8.self)))
    }
}
