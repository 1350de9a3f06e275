// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing
import UndoRecords

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// A directory in whose place another one is put after it was looked at.
@Suite struct HeldDirectoryTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "exert-held-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        for name in ["meant", "other"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
    }

    private func swap() throws {
        try FileManager.default.moveItem(atPath: folder + "/meant", toPath: folder + "/moved")
        symlink(folder + "/other", folder + "/meant")
    }

    private func names(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)")
    }

    @Test func `files are made where the directory was, whatever has its name now`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let held = try #require(HeldDirectory.open(folder + "/meant"))
        try swap()
        let journal = UndoJournal(directory: folder + "/state")
        do {
            let file = try SpaceFile.named(held.location + "/.exert-a-0", journal: journal)
            #expect(try names("moved") == [".exert-a-0"] && names("other").isEmpty)
            #expect(file.size == 0)
            var files = try InodeFiles(in: held.location, journal: journal)
            try files.addNamed(3)
            #expect(try names("moved").count == 2 && names("other").isEmpty)
        }
        #expect(try names("moved").isEmpty, "and are removed there")
        let facts = try FileSystemFacts(held.path, at: held.location)
        #expect(facts.directory == held.path)
    }

    @Test func `the plan holds what it looked at`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = Settings(
            values: ["directory": .text(folder + "/meant"), "named": .boolean(true)], marks: [:])
        settings.holdDirectories(of: DiskSpaceStressor.manifest)
        let held = try #require(settings.held("directory"))
        #expect(settings.text("directory") == held.path && held.path.hasSuffix("/meant"))
        try swap()
        // As the stressor's own process makes its first file.
        let place = FileSystemSetting.place(settings)
        #expect(place.location == held.location)
        let file = try WorkingFile.create(in: held.location, isDirect: false)
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(file.rawDescriptor)")
        #expect(link.contains("/moved/"), "\(link)")
    }

    @Test func `it is closed when nobody holds it any more`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/meant"
        func leads() -> Int {
            let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
            return numbers.count {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0))?.hasSuffix(
                    folder.split(separator: "/").last.map { "\($0)/meant" } ?? "") == true
            }
        }
        var held = HeldDirectory.open(path)
        #expect(held != nil && leads() == 1)
        held = nil
        #expect(leads() == 0)
        #expect(HeldDirectory.open(folder + "/none") == nil && HeldDirectory.open("/dev/null") == nil)
    }
}
