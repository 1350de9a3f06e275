// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// Words to options, as `getopt_long` and stress-ng's job files have them.
extension StressNGRun {
    /// Reads the words of a command line, without `stress-ng` itself.
    mutating func read(_ words: [SourceWord]) {
        var rest = words[...]
        if let first = rest.first, first.text == "stress-ng" || first.text.hasSuffix("/stress-ng") {
            rest.removeFirst()
        }
        while let word = rest.popFirst() {
            if word.text.hasPrefix("--"), word.text.utf8.count > 2 {
                long(String(word.text.dropFirst(2)), shown: word.text, word.mark, &rest)
            } else if word.text.hasPrefix("-"), word.text.utf8.count > 1 {
                short(word, &rest)
            } else if word.text != "--" {
                problems.append(
                    Diagnostic(word.mark, "'\(PlainLine.text(word.text))' belongs to no option; stress-ng refuses it"))
            }
        }
    }

    /// Reads a job file: an option without its dashes begins each line, and may have others behind it.
    mutating func readJobs(_ text: String) {
        var number = 0
        var mode: Bool?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let code = line.prefix { $0 != "#" }
            if line.utf8.count > 4095 {
                problems.append(
                    Diagnostic(SourceMark(line: number, column: 1), "stress-ng takes 4095 bytes a line; split it"))
                continue
            }
            let words = SourceWord.words(of: code, number: number)
            guard let first = words.first else { continue }
            guard words.count <= 63 else {
                problems.append(Diagnostic(first.mark, "stress-ng takes 63 words a line; split it"))
                continue
            }
            switch first.text {
            case "run" where words.count > 1: readMode(words, &mode)
            case "job", "j":
                problems.append(
                    Diagnostic(first.mark, "stress-ng takes no job file in another one; import it by itself"))
            default:
                var rest = words.dropFirst()
                long(first.text, shown: first.text, first.mark, &rest)
                read(Array(rest))
            }
        }
    }

    private mutating func readMode(_ words: [SourceWord], _ mode: inout Bool?) {
        let isSequence: Bool
        switch words[1].text {
        case "sequential", "sequentially", "seq": isSequence = true
        case "parallel", "par", "together": isSequence = false
        default:
            problems.append(
                Diagnostic(
                    words[1].mark,
                    "'run' takes sequential or parallel, not '\(PlainLine.text(words[1].text))'"))
            return
        }
        guard mode ?? isSequence == isSequence else {
            problems.append(Diagnostic(words[0].mark, "stress-ng takes 'run sequential' or 'run parallel', not both"))
            return
        }
        mode = isSequence
        isSequential = isSequence
        let text = words.prefix(2).map(\.text).joined(separator: " ")
        if let option = add("run", words[1].text, text, words[0].mark) { settle(option, .exact) }
        for word in words.dropFirst(2) {
            if let option = add("run", nil, word.text, word.mark) {
                settle(option, .exact, "stress-ng reads nothing behind it")
            }
        }
    }

    private mutating func long(_ body: String, shown: String, _ mark: SourceMark?, _ rest: inout ArraySlice<SourceWord>)
    {
        if let equals = body.firstIndex(of: "=") {
            take(String(body[..<equals]), String(body[body.index(after: equals)...]), shown, mark)
        } else if !StressNGOptions.isFlag(body), let next = rest.first, Self.isValue(next.text) {
            rest.removeFirst()
            take(body, next.text, "\(shown) \(next.text)", mark)
        } else {
            take(body, nil, shown, mark)
        }
    }

    /// A word of short options, such as `-c4` and `-vn`.
    private mutating func short(_ word: SourceWord, _ rest: inout ArraySlice<SourceWord>) {
        var letters = word.text.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = StressNGOptions.letters[letter] else {
                problems.append(
                    Diagnostic(word.mark, "stress-ng has no option '-\(PlainLine.text(String(letter)))'"))
                return
            }
            if StressNGOptions.isFlag(name) {
                take(name, nil, "-\(letter)", word.mark)
            } else if !letters.isEmpty {
                return take(name, String(letters), "-\(letter)\(letters)", word.mark)
            } else if let next = rest.first, Self.isValue(next.text) {
                rest.removeFirst()
                take(name, next.text, "-\(letter) \(next.text)", word.mark)
            } else {
                take(name, nil, "-\(letter)", word.mark)
            }
        }
    }

    /// Whether a word can be an option's value: `-1` can, other options cannot.
    private static func isValue(_ text: String) -> Bool {
        guard text.hasPrefix("-") else { return true }
        return text.utf8.dropFirst().first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }

    private mutating func take(_ name: String, _ value: String?, _ text: String, _ mark: SourceMark?) {
        guard let option = add(name, value, text, mark) else { return }
        if StressNGOptions.outputFlags.contains(name) || StressNGOptions.outputValues.contains(name) {
            return settle(option, .exact)
        }
        if let reason = StressNGOptions.otherFlags[name] ?? StressNGOptions.otherValues[name] {
            return settle(option, .notCarried, reason)
        }
        switch name {
        case "timeout", "temp-path", "taskset", "sequential", "seq", "all", "parallel":
            guard let value else { return refuse(option, Refusal("stress-ng takes a value here")) }
            takeControl(name, value, option)
        case let name where StressNGNature.of(name) != nil:
            guard let value else { return refuse(option, Refusal("stress-ng takes a number of workers here")) }
            start(name, value, option)
        default: set(name, option)
        }
    }

    private mutating func takeControl(_ name: String, _ value: String, _ option: Int) {
        switch name {
        case "timeout":
            if let timeout { settle(timeout, .exact, "without effect: a later one counts") }
            timeout = option
        case "temp-path":
            guard PlainLine.isPlain(value) else { return refuse(option, Refusal("a path in plain text stands here")) }
            directory = value
            settle(option, .exact)
        case "taskset":
            processors = value
            settle(option, .notCarried, "no load here can be confined to processors")
        default:
            do throws(Refusal) {
                _ = try StressNGScale.integer(value)
                isSequential = name == "sequential" || name == "seq"
                settle(option, .exact)
            } catch {
                refuse(option, error)
            }
        }
    }
}
