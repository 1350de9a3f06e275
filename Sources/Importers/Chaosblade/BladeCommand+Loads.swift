// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

extension BladeCommand {
    /// `cpu load`: all of the host's use is brought to a percentage, once a second, by as many threads as processors.
    mutating func makeCPU() {
        let percent = number("cpu-percent", 0...100) ?? 100
        settle("cpu-percent", .exact)
        var load = DraftLoad(kind: "cpu", title: "cpu", shape: "\(percent)%")
        if let list = text("cpu-list") {
            guard let cpus = ProcessorList(list) else {
                return refuse("cpu-list", "blade takes numbers and ranges such as '0-3' or '1,3'")
            }
            let isFull = percent == 100
            settle("cpu-list", .exact)
            if !isFull {
                near(
                    "brings each of these processors to the percentage, others' use counted; exert adds that much there"
                )
            }
            settle("cpu-count", .exact, "without effect: --cpu-list counts")
            load.shape = AmountText.cores(hundredths: cpus.count * percent)
            load.settings = [.init("workers", "\(min(cpus.count, 1024))"), .init("cpus", cpus.text)]
            load.share = { AmountText.cores(hundredths: Int64((Double(cpus.count * percent) * $0).rounded())) }
        } else {
            load.settings = [.init("of", "host"), .init("mode", "total")]
            load.share = { AmountText.percent(Double(percent) * $0) }
            if let count = number("cpu-count", .min ... .max), count > 0 {
                if count <= 1024 { load.settings.append(.init("workers", "\(count)")) }
                settle(
                    "cpu-count", .exact, "the percentage is of the whole host, with no more than that many processors")
            } else if flag("cpu-count") != nil {
                settle("cpu-count", .exact, "all processors")
            }
        }
        if let climb = number("climb-time", 0...600) {
            load.way = climb * .second
            settle(
                "climb-time", climb == 0 ? .exact : .near,
                climb == 0 ? "" : "climbs from the use that is there; exert's way begins at nothing")
        }
        loads.append(load)
    }

    /// `mem load`: takes memory once a second until so much is in use, and keeps it.
    mutating func makeMemory() {
        let mode = text("mode") ?? "ram"
        guard mode != "cache" else {
            return settleSubject(.notCarried, "fills the page cache through a tmpfs; exert has no stressor of it")
        }
        settle("mode", .exact)
        var load = DraftLoad(
            kind: "memory", title: "memory", settings: [.init("of", "host"), .init("mode", "total")], shape: "")
        let counting =
            isSet("include-buffer-cache")
            ? "counts buffers and page cache as in use; exert counts by MemAvailable"
            : "counts buffers and page cache as available; exert counts by MemAvailable"
        if flag("mem-percent") != nil {
            guard let percent = number("mem-percent", 0...100) else { return }
            // To `calculateMemSize` 0 is no percentage; what is to be left is 0 then, since --reserve is not read.
            load.shape = percent == 0 ? "leave 0B" : "\(percent)%"
            settle(
                "mem-percent", .near, percent == 0 ? "blade takes all there is by 0, as by 100; \(counting)" : counting)
            settle("reserve", .exact, "without effect: --mem-percent counts")
        } else if flag("reserve") != nil {
            guard let reserve = number("reserve", 0...(1 << 40)) else { return }
            load.shape = "leave \(AmountText.bytes(reserve << 20))"
            settle("reserve", .near, counting)
        } else {
            load.shape = "100%"
        }
        settle("include-buffer-cache", .near, "exert counts by MemAvailable")
        if let rate = number("rate", .min ... .max) {
            let pace = rate > 0 ? "\(rate) MiB a second" : "100 MiB a second"
            settle(
                "rate", .near, "grows by \(pace), as long as that takes; exert is there at once, unless the load ramps")
        }
        near("grows by the second and gives nothing back when others take more; exert follows both ways")
        loads.append(load)
    }

    /// `disk fill`: one file, by `fallocate -l …M`; percent goes before reserve, and that before size.
    mutating func makeFill() {
        guard let directory = takeDirectory() else { return }
        var load = DraftLoad(
            kind: "disk-space", title: "disk-fill", settings: [.init("directory", directory), .init("named", "true")],
            shape: "")
        if flag("percent") != nil {
            guard let percent = number("percent", 0...100) else { return }
            load.shape = "\(percent)%"
            settle(
                "percent", .near,
                "counts what is kept for root as in use, and in whole percent; exert counts as df does")
            for other in ["reserve", "size"] { settle(other, .exact, "without effect: --percent counts") }
        } else if flag("reserve") != nil {
            guard let reserve = number("reserve", 0...(1 << 40)) else { return }
            load.shape = "leave \(AmountText.bytes(reserve << 20))"
            settle("reserve", .exact)
            settle("size", .exact, "without effect: --reserve counts")
        } else if flag("size") != nil {
            guard let size = number("size", 1...(1 << 40)) else { return }
            load.shape = AmountText.bytes(size << 20)
            settle("size", .exact)
        } else {
            return refuse("disk fill", "blade needs --size, --percent or --reserve")
        }
        settle("retain-handle", .exact, "exert holds its file open anyway")
        loads.append(load)
    }

    /// Where files are made; `nil` after refusing it.
    private mutating func takeDirectory() -> String? {
        guard flag("path") != nil else { return "/" }
        guard let path = text("path"), PlainLine.isPlain(path) else {
            refuse("path", "a path in plain text stands here")
            return nil
        }
        settle("path", .exact)
        return path
    }

    /// `disk burn`: `dd` in a loop, each for reading and for writing, in blocks of `size` MiB.
    mutating func makeBurn() {
        guard let directory = takeDirectory() else { return }
        let size = flag("size") == nil ? 10 : number("size", 1...4096)
        guard let size else { return }
        settle("size", .exact)
        guard isSet("read") || isSet("write") else { return refuse("disk burn", "blade needs --read or --write") }
        for operation in ["read", "write"] where isSet(operation) {
            let length = operation == "read" ? 600 << 20 : (size << 20) * 100
            loads.append(
                DraftLoad(
                    kind: "disk-bandwidth", title: "disk-\(operation)", tag: operation,
                    settings: [
                        .init("directory", directory), .init("operation", operation),
                        .init("block", AmountText.bytes(size << 20)), .init("size", AmountText.bytes(Int64(length))),
                    ] + (operation == "write" ? [.init("sync", "direct+dsync")] : []), shape: "max"))
            settle(operation, .exact)
        }
        near("as fast as the disk goes, by one dd after the other; exert does so in a file that is laid out before")
    }

    /// `process load`: so many processes more.
    mutating func makeProcesses() {
        guard let count = number("count", 1...1_000_000) else {
            if flag("count") == nil { refuse("process load", "the number of processes is missing: --count") }
            return
        }
        settle("count", .near, "exert holds threads that sleep, which count as processes do")
        settle("user", .notCarried, "exert's are those of who runs it")
        loads.append(DraftLoad(kind: "processes", title: "processes", shape: "\(count)"))
    }
}
