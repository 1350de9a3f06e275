// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct CommandLineTests {
    private func profile(_ loads: [String], set: [String] = [], for length: String = "30s") throws(ProfileErrors)
        -> Profile
    {
        try ProfileReader.profile(loads: loads, settings: set, length: length, manifests: TestManifests.all) { path in
            guard path == "t.csv" else { throw TestManifests.NoSuchFile() }
            return Array("0,1%\n".utf8)
        }
    }

    /// The problems, one a line, without the `<command line>: error: ` that each begins with.
    private func problems(_ loads: [String], set: [String] = [], for length: String = "30s") -> String {
        do throws(ProfileErrors) {
            _ = try profile(loads, set: set, for: length)
            return ""
        } catch {
            let beginning = "<command line>: error: "
            return error.description.split(separator: "\n").map { line in
                line.hasPrefix(beginning) ? String(line.dropFirst(beginning.count)) : "?? \(line)"
            }.joined(separator: "\n")
        }
    }

    @Test func readsFlags() throws {
        let profile = try profile(["cpu=50%", "memory=ramp to 1GiB"], set: ["cpu.method=simd", "cpu.cpus=0-3,8"])
        #expect(profile.name == "command-line")
        #expect(profile.file == "<command line>")
        #expect(profile.sha256.count == 64)
        #expect(profile.stressors.map(\.name) == ["cpu", "memory"])
        #expect(profile.stressors[0].settings.text("method") == "simd")
        #expect(profile.stressors[0].settings.cpus("cpus") == [0, 1, 2, 3, 8])
        #expect(profile.phases.map(\.name) == ["load"])
        #expect(profile.phases[0].length == 30 * .second)
        #expect(profile.phases[0].loads.map(\.text) == ["50%", "ramp to 1GiB"])
        #expect(throws: Never.self) { try self.profile(["cpu=trace t.csv"]) }
    }

    @Test func tellsEveryProblemWithItsFlag() {
        #expect(
            problems(
                ["cpu=50", "cpu=50%", "memry=1GiB", "memory", "memory=trace x.csv"],
                set: ["cpu.methd=simd", "cpu.mode=whole", "cpu", "file-handles.x=1", "cqu.mode=add", "cpu.workers=0"],
                for: "0s") == """
                    --for 0s: the run must be longer than 0; write a duration such as '30s'
                    --load cpu=50: '50' has no unit; 'cpu' takes a percentage such as '80%', cores such as \
                    '1.5 cores', 'max' or 'leave 0.5 cores'
                    --load cpu=50%: 'cpu' already has a load; give it one, or write a profile with two phases
                    --load memry=1GiB: unknown kind 'memry'; did you mean 'memory'?
                    --load memory: write it as KIND=LOAD, such as '--load cpu=50%'
                    --load memory=trace x.csv: cannot read trace 'x.csv': No such file or directory
                    --set cpu.methd=simd: unknown key 'methd' in 'cpu'; did you mean 'method'?
                    --set cpu.mode=whole: unknown value 'whole' for 'mode' in 'cpu'; it takes: add
                    --set cpu: write it as KIND.KEY=VALUE, such as '--set cpu.mode=add'
                    --set file-handles.x=1: unknown key 'x' in 'file-handles'; it takes: cgroup, within, expect
                    --set cqu.mode=add: unknown kind 'cqu'; did you mean 'cpu'?
                    --set cpu.workers=0: 'workers' in 'cpu' takes a whole number from 1 to 1024, not '0'
                    """)
    }

    @Test func aRunIsAsLongAsItsTrace() throws {
        let files = ["t.csv": "0,1%\n40,2%\n"]
        func profile(_ loads: [String]) throws(ProfileErrors) -> Profile {
            try ProfileReader.profile(loads: loads, settings: [], length: "trace", manifests: TestManifests.all) {
                path in
                guard let text = files[path] else { throw TestManifests.NoSuchFile() }
                return Array(text.utf8)
            }
        }
        #expect(try profile(["cpu=trace t.csv", "memory=1GiB"]).phases[0].length == 40 * .second)
        #expect(
            problems(["cpu=trace x.csv"], for: "trace") == "--load cpu=trace x.csv: cannot read trace 'x.csv': "
                + "No such file or directory")
        #expect(
            problems(["cpu=1%"], for: "trace")
                == "--for trace: no load of it is a trace; write how long the run is, such as '--for 30s'")
    }

    @Test func tellsWhatIsMissing() {
        #expect(
            problems([]) == "nothing to exert; add a load such as '--load cpu=80%'")
        #expect(
            problems(["cpu=50%"], set: ["memory.of=host"])
                == "--set memory.of=host: 'memory' has no load; add '--load memory=…' or leave the "
                + "setting out")
        #expect(
            problems(["cpu=50%"], set: ["cpu.of=host", "cpu.of=host"])
                == "--set cpu.of=host: 'cpu.of' is already set; set it once")
        #expect(
            problems(["cpu=ramp to 9% in 1m"])
                == "--load cpu=ramp to 9% in 1m: the ramp takes 1m, longer than its phase of 30s; "
                + "shorten the ramp or lengthen the phase")
        #expect(problems(["=", "cpu="]).split(separator: "\n").count == 2)
    }
}
