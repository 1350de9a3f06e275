// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// A probe that is being read: what it asks, and what was said of it so far.
struct ProbeDraft {
    /// Which kind it is.
    let kind: ProbeKind
    private var question: ProbeQuestion
    private var every = ProbeDraft.standard(.every)
    private var timeout = ProbeDraft.standard(.timeout)
    private var goodWithin: Nanoseconds?
    private var unit: ProbeUnit?
    private var method: String?
    private var seen: Set<ProbeConditionKind> = []
    private var hasQuery = false
    private var authorities: String?
    private var isVerified = true

    /// Begins a probe of `kind` that asks what `phrase` says.
    init(_ kind: ProbeKind, _ phrase: Phrase) throws(NotationError) {
        self.kind = kind
        guard !phrase.isEmpty else {
            throw NotationError(phrase.offset, "'\(kind.rawValue)' says nothing; \(ProbeURL.taking(kind))")
        }
        switch kind {
        case .http: question = .http(try ProbeURL.http(phrase))
        case .prometheus: question = .prometheus(try ProbeURL.http(phrase), query: "")
        case .tcp: question = .tcp(endpoint: try ProbeURL.endpoint(phrase), send: nil, expect: nil)
        case .grpc:
            // `grpc://HOST:PORT/SERVICE`
            let isSocket = phrase.text.hasPrefix("unix:")
            let slash = isSocket ? nil : phrase.firstOffset { $0 == "/" }
            let endpoint = try ProbeURL.endpoint(phrase.slice(phrase.offset, slash ?? phrase.end))
            question = .grpc(endpoint: endpoint, service: slash.map { phrase.dropping(to: $0 + 1).text } ?? "")
        case .dns: question = .dns(name: try Self.name(phrase, of: kind), expect: nil)
        case .unit: question = .unit(name: try Self.name(phrase, of: kind))
        case .process:
            guard phrase.isAllDigits, let id = Int32(phrase.text), id > 0 else {
                throw NotationError(
                    phrase.offset, "\(Wording.quote(phrase.text)) is no number of a process; \(ProbeURL.taking(kind))")
            }
            question = .process(id: id)
        case .command:
            throw NotationError(
                phrase.offset, "there is no shell: \(ProbeURL.taking(kind)), not \(Wording.quote(phrase.text))")
        }
    }

    /// Begins a probe that starts a program.
    init(arguments: [String]) {
        kind = .command
        question = .command(arguments: arguments, readsNumber: false)
    }

    private static func name(_ phrase: Phrase, of kind: ProbeKind) throws(NotationError) -> String {
        // A unit that begins with '-' would be an option of systemctl(1).
        guard !phrase.hasSpace, phrase.first != "-", !phrase.text.contains("/") else {
            throw NotationError(
                phrase.offset, "\(Wording.quote(phrase.text)) is no such name; \(ProbeURL.taking(kind))")
        }
        return phrase.text
    }

    /// What an option of time is without being said.
    private static func standard(_ option: ProbeOption) -> Nanoseconds {
        option.description.defaultText.flatMap { try? UnitNotation.duration($0) } ?? .second
    }

    // MARK: Options

    /// Takes what is said of it; `subject` is the option with its place, for messages.
    mutating func set(_ option: ProbeOption, _ text: String, _ subject: String) throws(NotationError) {
        let phrase = Phrase(text)
        switch option.description.value {
        case .duration(let range):
            let length = try UnitNotation.duration(phrase, atLeast: range.lowerBound, of: subject)
            guard length <= range.upperBound else {
                throw NotationError(
                    phrase.offset, "\(subject) is \(UnitNotation.text(of: range.upperBound)) at most")
            }
            if option == .every { every = length } else { timeout = length }
        case .conditions: for found in try ConditionNotation.parse(text, of: kind) { try take(found) }
        case .choice(let words): try choose(option, phrase, among: words, subject)
        case .boolean: try choose(option, phrase, among: ["true", "false"], subject)
        case .text, .path: try write(option, text, phrase, subject)
        case .headers:
            throw NotationError(
                phrase.offset, "\(subject) takes names with values such as '{ Authorization: env:TOKEN }'")
        }
    }

    private mutating func choose(
        _ option: ProbeOption, _ word: Phrase, among words: [String], _ subject: String
    ) throws(NotationError) {
        guard words.contains(word.text) else {
            let remedy = Wording.remedy(for: word.text, among: words, taking: "it takes")
            throw NotationError(word.offset, "unknown value \(Wording.quote(word.text)) for \(subject)\(remedy)")
        }
        switch option {
        case .value:
            unit = ProbeUnit(rawValue: word.text)
            if case .command(let arguments, _) = question {
                question = .command(arguments: arguments, readsNumber: true)
            }
        case .connection: http { $0.keepsConnection = word.text == ProbeConnection.keep.rawValue }
        case .verify:
            try needEncryption(option, word)
            isVerified = word.text == "true"
        default: break
        }
    }

    private mutating func write(
        _ option: ProbeOption, _ text: String, _ phrase: Phrase, _ subject: String
    ) throws(NotationError) {
        guard !text.isEmpty else {
            throw NotationError(
                0, "\(subject) says nothing; write it such as '\(option.rawValue): \(option.description.example)'")
        }
        switch option {
        case .method:
            guard phrase.text.unicodeScalars.allSatisfy(\.isLetter) else {
                throw NotationError(phrase.offset, "\(subject) takes a word such as 'GET' or 'POST'")
            }
            method = phrase.text.uppercased()
        case .body: http { $0.body = text }
        case .ca:
            try needEncryption(option, phrase)
            authorities = text
        case .serverName:
            try needEncryption(option, phrase)
            // A-labels of RFC 5890 and addresses: what can be in a certificate and in a handshake.
            let isName = phrase.text.unicodeScalars.allSatisfy {
                $0.isLetter || $0.isDigit || "-._:".unicodeScalars.contains($0)
            }
            guard isName, phrase.text.utf8.count <= 253 else {
                throw NotationError(
                    phrase.offset,
                    "\(Wording.quote(phrase.text)) is no name of a server; write it such as "
                        + "'\(option.rawValue): \(option.description.example)'")
            }
            http { $0.serverName = phrase.text }
        case .send, .expect:
            switch question {
            case .tcp(let endpoint, let send, let expect):
                question = .tcp(
                    endpoint: endpoint, send: option == .send ? text : send, expect: option == .expect ? text : expect)
            case .dns(let name, _): question = .dns(name: name, expect: phrase.text)
            default: break
            }
        case .service: if case .grpc(let endpoint, _) = question { question = .grpc(endpoint: endpoint, service: text) }
        case .query:
            hasQuery = true
            if case .prometheus(let http, _) = question { question = .prometheus(http, query: text) }
        default: break
        }
    }

    /// Whether it is a token: RFC 9110, 5.6.2.
    static func isHeaderName(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0.isLetter || $0.isDigit || "!#$%&'*+-.^_`|~".unicodeScalars.contains($0)
            }
    }

    static func badHeader(_ name: String) -> String { "\(Wording.quote(name)) cannot be the name of a header" }

    /// Takes a header; its value may be a secret and is not quoted.
    ///
    /// - Parameter resolve: makes the path of a file one beside the profile's own.
    mutating func setHeader(
        _ name: String, _ text: String, _ subject: String, resolve: (String) -> String
    ) throws(NotationError) {
        guard Self.isHeaderName(name) else { throw NotationError(0, Self.badHeader(name)) }
        guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw NotationError(0, "\(subject) is empty or has a control character; write its value in one line")
        }
        var value = HTTPQuestion.Header.Value.text(text)
        if text.hasPrefix("env:") {
            let variable = String(text.dropFirst(4))
            guard !variable.isEmpty, !variable.contains("="), !variable.contains(" ") else {
                throw NotationError(4, "\(subject) names no variable of the environment; write it such as 'env:TOKEN'")
            }
            value = .environment(variable)
        } else if text.hasPrefix("file:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else {
                throw NotationError(5, "\(subject) names no file; write it such as 'file:/run/secrets/token'")
            }
            value = .file(resolve(path))
        }
        http { question in
            question.headers.removeAll { $0.name.lowercased() == name.lowercased() }
            question.headers.append(.init(name: name, value: value))
        }
    }

    private mutating func take(
        _ found: (condition: ConditionNotation.Condition, offset: Int)
    ) throws(NotationError) {
        guard seen.insert(found.condition.kind).inserted else {
            throw NotationError(
                found.offset, "'good' has two conditions on '\(found.condition.kind.rawValue)'; keep one")
        }
        switch found.condition {
        case .within(let limit): goodWithin = limit
        case .status(let ranges): http { $0.goodStatus = ranges }
        case .body(let text): http { $0.bodyContains = text }
        case .json(let json): http { $0.json = json }
        }
    }

    private func needEncryption(_ option: ProbeOption, _ place: Phrase) throws(NotationError) {
        guard let http = question.http, http.security != .none else {
            throw NotationError(place.offset, "'\(option.rawValue)' is of https, and this probe asks http")
        }
    }

    private mutating func http(_ change: (inout HTTPQuestion) -> Void) {
        switch question {
        case .http(var http):
            change(&http)
            question = .http(http)
        case .prometheus(var http, let query):
            change(&http)
            question = .prometheus(http, query: query)
        default: break
        }
    }

    // MARK: The end

    /// The probe, and what does not fit together in it.
    func plan(name: String, mark: SourceMark) -> (plan: ProbePlan, problems: [String]) {
        var problems: [String] = []
        var draft = self
        draft.http { $0.method = method ?? ($0.body == nil ? "GET" : "POST") }
        if let http = question.http, http.security != .none {
            draft.http { $0.security = isVerified ? .verified(authorities: authorities) : .unverified }
        }
        if !isVerified, authorities != nil {
            problems.append("has authorities to verify by, and 'verify: false'; drop one of them")
        }
        if kind.alwaysReadsNumber, unit == nil { draft.unit = .number }
        if kind == .prometheus, !hasQuery { problems.append("has no 'query'; add one such as 'query: sum(up)'") }
        if let goodWithin, goodWithin > timeout {
            problems.append(
                "is good 'in \(UnitNotation.text(of: goodWithin))' and given up after its timeout of "
                    + "\(UnitNotation.text(of: timeout)); lengthen the timeout")
        }
        let plan = ProbePlan(
            name: name, question: draft.question, every: every, timeout: timeout, goodWithin: goodWithin,
            unit: draft.unit, mark: mark)
        if plan.mostInFlight > ProbePlan.inFlightLimit {
            problems.append(
                "may have \(plan.mostInFlight) in flight at a time, and the limit is \(ProbePlan.inFlightLimit); "
                    + "shorten its timeout, or ask less often")
        }
        return (plan, problems)
    }
}
