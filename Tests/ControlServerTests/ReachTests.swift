// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import LoadModel
import Stressors
import Testing

extension Servers {
    /// What runs may reach that somebody else asks for.
    @Suite(.serialized)
    struct Reaches {
        /// A setting as a request has it, and how far it reaches.
        struct Wish: CustomStringConvertible {
            var kind: String
            var load: String
            var key: String
            var value: String
            var reach: LoadModel.Reach?
            var description: String { "\(kind).\(key)=\(value)" }

            var json: String {
                #"{"load":{"\#(kind)":"\#(load)"},"set":{"\#(kind).\#(key)":"\#(value)"},"for":"1s"}"#
            }
        }

        /// Every value of every key where they can be counted, else one.
        static let wishes: [Wish] = Catalog.manifests.flatMap { manifest in
            manifest.keys.flatMap { key in
                values(of: key.type).map { text, value in
                    let load = manifest.examples[0].contains("MB/s") ? "1MB/s" : manifest.examples[0]
                    return Wish(
                        kind: manifest.kind, load: load, key: key.name, value: text, reach: key.reach(of: value))
                }
            }
        }

        private static func values(of type: Manifest.ValueType) -> [(String, SettingValue)] {
            switch type {
            case .choice(let words): words.map { ($0, .text($0)) }
            case .integer(let range): [("\(max(1, range.lowerBound))", .integer(max(1, range.lowerBound)))]
            case .boolean: [("true", .boolean(true)), ("false", .boolean(false))]
            case .cpuList: [("0", .cpus([0]))]
            case .bytes: [("1MiB", .bytes(1 << 20))]
            case .sizes:
                [
                    ("1MiB", .bytes(1 << 20)),
                    (
                        "4KiB 50%, 1MiB 50%",
                        .sizes(SizeMix([.init(bytes: 4096, share: 5000), .init(bytes: 1 << 20, share: 5000)]))
                    ),
                ]
            case .duration: [("1s", .duration(.second))]
            case .text, .directory: [("/", .text("/"))]
            case .percent: [("50%", .percent(50))]
            case .nodes: [("0", .nodes(NodeSelection(nodes: [0])))]
            }
        }

        @Test func `every value of every key states its reach`() {
            #expect(Self.wishes.count > 100)
            for wish in Self.wishes { #expect(wish.reach != nil, "\(wish)") }
            // A value that nobody thought of has none.
            let key = Manifest.Key(
                "of", .choice(["a", "b"]), default: nil, reach: .byValue(["a": .ownProcess]), help: "")
            #expect(key.reach(of: .text("a")) == .ownProcess && key.reach(of: .text("b")) == nil)
        }

        @Test func `a server with the default rules takes what reaches its runs' own processes, and nothing else`()
            throws
        {
            let server = try ServerProcess()
            var refused = 0
            for wish in Self.wishes {
                let manifest = try #require(Catalog.manifests.first { $0.kind == wish.kind })
                let response = try server.call("POST", "/v1/runs", json: wish.json)
                let isAllowed = wish.reach == .ownProcess && manifest.reach == .ownProcess
                #expect((response.code == 403) == !isAllowed, "\(wish): \(response.code) \(response.text)")
                if response.code == 403 {
                    refused += 1
                    #expect(try response.json()["type"] as? String == "https://exert.dev/problems/forbidden")
                }
                if response.code == 201, let id = try response.json()["id"] as? String {
                    _ = try server.call("DELETE", "/v1/runs/\(id)")
                }
            }
            #expect(refused > 30)
        }

        @Test func `a reach that is allowed is taken`() throws {
            let json = #"{"load":{"file-handles":"50"},"set":{"file-handles.handle":"eventfd"},"for":"1s"}"#
            #expect(try ServerProcess().call("POST", "/v1/runs", json: json).code == 403)
            #expect(try ServerProcess(["--allow", "user"]).call("POST", "/v1/runs", json: json).code == 403)
            let server = try ServerProcess(["--allow", "host"])
            #expect(try server.call("POST", "/v1/runs", json: json).code == 201)
            let wrong = try ServerProcess(["--allow", "hosts"]).wait()
            #expect(wrong.code == 64 && wrong.said.contains("user, host, network, device"), "\(wrong.said)")
        }

        @Test func `a run is as long as it may be`() throws {
            let server = try ServerProcess(["--max-length", "1m"])
            let long = try server.call("POST", "/v1/runs", json: #"{"load":{"cpu":"1%"},"for":"61s"}"#)
            #expect(long.code == 403 && long.text.contains("--max-length"), "\(long.text)")
            #expect(try server.call("POST", "/v1/runs", json: #"{"load":{"cpu":"1%"},"for":"60s"}"#).code == 201)
            let day = try ServerProcess().call("POST", "/v1/runs", json: #"{"load":{"cpu":"1%"},"for":"25h"}"#)
            #expect(day.code == 403, "\(day.text)")
        }
    }

    /// What files runs may read and make that somebody else asks for.
    @Suite(.serialized)
    struct Files {
        private let scratch: String
        private let server: ServerProcess

        init() throws {
            let folder = NSTemporaryDirectory() + "exert-files-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
            scratch = folder
            for name in ["allowed", "outside"] {
                try FileManager.default.createDirectory(
                    atPath: folder + "/" + name, withIntermediateDirectories: true)
            }
            try Data("time,secret-of-root\nx,y-secret\n".utf8).write(to: URL(fileURLWithPath: folder + "/outside/s"))
            try Data("time,secret-title\n0,not-an-amount\n".utf8)
                .write(to: URL(fileURLWithPath: folder + "/allowed/t.csv"))
            try Data("0,1%\n1,2%\n".utf8).write(to: URL(fileURLWithPath: folder + "/allowed/good.csv"))
            symlink(folder + "/outside/s", folder + "/allowed/link.csv")
            symlink(folder + "/outside", folder + "/allowed/way")
            mkfifo(folder + "/allowed/pipe.csv", 0o600)
            server = try ServerProcess(["--allow-directory", folder + "/allowed"])
        }

        private func post(trace: String) throws -> HTTPClient.Response {
            try server.call("POST", "/v1/runs", json: #"{"load":{"cpu":"trace \#(trace)"},"for":"1s"}"#)
        }

        @Test func `a trace is a regular file of an allowed directory, and is not quoted`() throws {
            defer { try? FileManager.default.removeItem(atPath: scratch) }
            #expect(try post(trace: scratch + "/allowed/good.csv").code == 201)
            let begin = Date()
            for name in ["t.csv", "t.csv column nothing", "link.csv", "way/s", "pipe.csv", "../outside/s", "none.csv"] {
                let response = try post(trace: "\(scratch)/allowed/\(name)")
                #expect(response.code == 422, "\(name): \(response.text)")
                for secret in ["secret", "not-an-amount"] {
                    #expect(!response.text.contains(secret), "\(response.text)")
                }
            }
            #expect(Date().timeIntervalSince(begin) < 5, "a pipe that nobody writes to")
            // Whether there is such a file is told of none.
            let answers = try ["/outside/s", "/outside/none"].map { name in
                try post(trace: scratch + name).text.replacingOccurrences(of: name, with: "")
            }
            #expect(answers[0] == answers[1] && answers[0].contains("allowed"), "\(answers)")
        }

        @Test func `a directory is where its links lead`() throws {
            defer { try? FileManager.default.removeItem(atPath: scratch) }
            for name in ["/allowed/way", "/allowed/../outside", "/outside", "/allowed/none"] {
                let set = #"{"disk-space.directory":"\#(scratch)\#(name)"}"#
                let response = try server.call(
                    "POST", "/v1/runs", json: #"{"load":{"disk-space":"1MiB"},"set":\#(set),"for":"1s"}"#)
                #expect(response.code == 403, "\(name): \(response.text)")
            }
            // What was allowed is what was there then, and not what has its name now.
            let directory = scratch + "/allowed"
            try FileManager.default.moveItem(atPath: directory, toPath: scratch + "/moved")
            symlink(scratch + "/outside", directory)
            let swapped = try server.call("POST", "/v1/runs", json: #"{"load":{"disk-space":"1MiB"},"for":"1s"}"#)
            #expect(swapped.code == 403, "\(swapped.text)")
            #expect(try post(trace: directory + "/s").code == 422)
        }

        @Test func `profiles are regular files of their directory`() throws {
            defer { try? FileManager.default.removeItem(atPath: scratch) }
            let folder = scratch + "/profiles"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("phases: []".utf8).write(to: URL(fileURLWithPath: folder + "/a.yaml"))
            symlink("a.yaml", folder + "/b.yaml")
            symlink(scratch + "/outside/s", folder + "/c.yaml")
            mkfifo(folder + "/d.yaml", 0o600)
            let server = try ServerProcess(["--profiles", folder])
            let codes = try ["a", "b", "c", "d"].map { try server.call("GET", "/v1/profiles/\($0)").code }
            #expect(codes == [200, 200, 404, 404])
        }
    }
}
#endif
