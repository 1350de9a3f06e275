// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of the checkout that this test was built from.
enum Checkout {
    /// The root, three levels above this file.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// All regular files below `folder`, as paths from the root, in order.
    static func files(under folder: String) -> [String] {
        let walk = FileManager.default.enumerator(atPath: root + "/" + folder)
        var paths: [String] = []
        while let path = walk?.nextObject() as? String {
            let name = path.split(separator: "/").last ?? ""
            if name.hasPrefix(".") || name.hasPrefix("__") {
                // What was built is not ours.
                walk?.skipDescendants()
                continue
            }
            var isDirectory: ObjCBool = false
            let full = "\(root)/\(folder)/\(path)"
            if FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory), !isDirectory.boolValue {
                paths.append("\(folder)/\(path)")
            }
        }
        return paths.sorted()
    }

    /// The names of the folders right below `folder`.
    static func folders(under folder: String) -> [String] {
        Set(files(under: folder).compactMap { $0.split(separator: "/").dropFirst().first.map(String.init) }).sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: root + "/" + path)))
    }

    static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root + "/" + path)
    }
}
