// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Profiles

struct SHA256Tests {
    /// From NIST's examples and its Cryptographic Algorithm Validation Program.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func examples(text: String, hash: String) {
        #expect(SHA256.hexadecimal(of: Array(text.utf8)) == hash)
    }

    @Test func aMillionTimesA() {
        let bytes = [UInt8](repeating: 0x61, count: 1_000_000)
        #expect(
            SHA256.hexadecimal(of: bytes) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Every length around the ends of blocks, and the most that a profile may have.
    @Test func `it is what sha256sum prints`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "exert-sha256-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let contents = (Array(0...200) + [1 << 20]).map { length in
            (0..<length).map { UInt8(truncatingIfNeeded: ($0 &+ length) &* 2_654_435_761 >> 13) }
        }
        let names = contents.indices.map { "\($0)" }
        for (name, bytes) in zip(names, contents) { try Data(bytes).write(to: folder.appending(path: name)) }
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/sha256sum")
        tool.arguments = names
        tool.currentDirectoryURL = folder
        let output = Pipe()
        tool.standardOutput = output
        try tool.run()
        let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            .split(separator: "\n").map { String($0.prefix(64)) }
        tool.waitUntilExit()
        #expect(lines.count == contents.count)
        #expect(lines == contents.map(SHA256.hexadecimal))
    }
}
