// SPDX-License-Identifier: Apache-2.0

// Stressors that take an amount of something.
extension StressNGItem {
    private static let page: Int64 = 4096

    /// `vm`: the workers share `vm-bytes`, 256 MiB unless given; each has whole pages, one at least.
    mutating func makeVM() {
        let count = workers.number(options)
        let isHeld = hasHold()
        let isKept = takeFlag("keep") || isHeld
        guard let size = size("bytes", usual: 256 << 20, least: Self.page) else { return }
        _ = takeFlag("populate", .exact)
        var settings: [(String, String)] = []
        if takeFlag("locked") { settings.append(("lock", "true")) }
        if let (text, option) = value("madvise") {
            switch text {
            case "hugepage": settle("madvise", option, .exact)
            case "nohugepage":
                settings.append(("pages", "small"))
                settle("madvise", option, .exact)
            default: settle("madvise", option, .notCarried, "exert gives the kernel no such advice")
            }
        }
        if let (_, option) = value("method") {
            settle("method", option, .notCarried, "how it fills the memory; exert fills it once, with random bytes")
        }
        addMemory(size, count, settings)
        var notes: [String] = []
        if !isKept { notes.append("lets its memory go and takes it again all the time, where exert holds it") }
        if !isHeld {
            notes.append(
                "its workers also keep a processor busy each with filling and checking; exert holds the memory")
        }
        settle(notes.isEmpty ? .exact : .near, notes.joined(separator: "; "))
    }

    /// `vm-hang 0`: the workers fill their memory once and sleep.
    private mutating func hasHold() -> Bool {
        guard let (text, option) = value("hang") else { return false }
        if text == "0" {
            settle("hang", option, .exact)
            return true
        }
        settle(
            "hang", option, .near, "the workers sleep that many seconds between two rounds; exert holds all the time")
        return false
    }

    mutating func makeMemory() {
        guard value("bytes") != nil || name != "vm-rw" else {
            return settle(.notCarried, "names no amount; its own is 16 MiB that two processes copy")
        }
        guard let size = size("bytes", usual: 256 << 20, least: Self.page) else { return }
        addMemory(size, workers.number(options), [])
        settle(
            .near,
            "maps its memory and lets it go all the time, by processors that are kept busy; exert holds the amount")
    }

    private mutating func addMemory(_ size: Size, _ count: Int64, _ settings: [(String, String)]) {
        switch size {
        case .bytes(let bytes):
            let each = max(bytes / max(1, count) / Self.page * Self.page, Self.page)
            let whole = each * count
            // Rounding to pages is told where it is more than a thousandth.
            add(
                "memory", AmountText.bytes((whole - bytes).magnitude > bytes.magnitude / 1000 ? whole : bytes), settings
            )
        case .percent(let percent, let option):
            run.settle(
                option, .near,
                "of what is free, without page cache; exert's 'of: available' is of what can be had"
            )
            add("memory", AmountText.percent(percent), [("of", "available")] + settings)
        }
    }

    mutating func makeDisk(_ operation: String) {
        var settings: [(String, String)] = []
        settings.append(("directory", run.directory ?? "."))
        if operation != "write" { settings.append(("operation", operation)) }
        if value("bytes") != nil {
            guard let size = size("bytes", usual: 1 << 30, least: 1 << 20) else { return }
            switch size {
            case .bytes(let bytes): settings.append(("size", AmountText.bytes(bytes)))
            case .percent(_, let option):
                run.settle(
                    option, .notCarried,
                    "a share of the file system, which differs from host to host; exert's 'size' takes a size")
            }
        }
        if let (text, option) = value("write-size") {
            do throws(Refusal) {
                let reading = try StressNGScale.size(text)
                guard (1...(4 << 20)).contains(reading.value) else { throw Refusal("stress-ng takes 1 byte to 4 MiB") }
                // Direct I/O is in whole blocks, of 4 KiB on most disks.
                let isWhole = reading.value % Self.page == 0
                if isWhole { settings.append(("block", AmountText.bytes(reading.value))) }
                settle(
                    "write-size", option, isWhole ? .exact : .notCarried,
                    isWhole ? reading.surprise : "exert's blocks are whole pages of 4 KiB")
            } catch {
                return run.refuse(option, error)
            }
        }
        if let (_, option) = value("opts") {
            settle(
                "opts", option, .notCarried, "how the files are opened; exert's settings 'sync' and 'pattern' do that")
        }
        add("disk-bandwidth", "max", tag: operation, settings)
        settle(
            .near,
            "as fast as the disk goes, and so does exert, past the page cache, in a file that is laid out before")
    }

    mutating func makeSpace() {
        guard let size = size("bytes", usual: 1 << 30, least: 1 << 20) else { return }
        let directory = ("directory", run.directory ?? ".")
        switch size {
        case .bytes(let bytes): add("disk-space", AmountText.bytes(bytes), [directory])
        case .percent(let percent, let option):
            run.settle(option, .near, "of the file system's free space, as exert's 'of: available'")
            add("disk-space", AmountText.percent(percent), [directory, ("of", "available"), ("mode", "add")])
        }
        settle(.near, "allocates space and gives it back all the time, where exert holds it")
    }

    mutating func makeHandles() {
        let (count, note) = figure()
        if let (text, option) = value("max"), let number = Int64(text), (1...1_000_000).contains(number) {
            settle("max", option, .exact)
            add("file-handles", "\(number * count)")
        } else {
            add("file-handles", "max")
        }
        let told = "opens descriptors up to the limit and closes them, again and again; exert holds them open"
        settle(.near, note.isEmpty || value("max") == nil ? told : "\(told); \(note)")
    }

    mutating func makeTasks(_ usual: Int64) {
        let (count, note) = figure()
        var most = usual
        if let (text, option) = value("max") {
            guard let number = Int64(text), (1...1_000_000).contains(number) else {
                return run.refuse(option, Refusal("stress-ng takes a whole number from 1 on here"))
            }
            most = number
            settle("max", option, .exact)
        }
        add("processes", "\(most * count)")
        let told = "makes up to \(most) and ends them, again and again; exert holds \(most * count) threads that sleep"
        settle(.near, note.isEmpty ? told : "\(told); \(note)")
    }
}
