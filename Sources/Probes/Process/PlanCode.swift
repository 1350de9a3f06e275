// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A plan of probes as bytes, as it is handed to the prober's process.
///
/// Through a pipe and not as arguments, which everybody on the host can read: there may be secrets in it.
enum PlanCode {
    static func bytes(_ plans: [ProbePlan], host: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(host)
        writer.list(plans) { writer, plan in
            writer.text(plan.name)
            writer.integer(plan.every)
            writer.integer(plan.timeout)
            writer.integer(plan.goodWithin ?? -1)
            writer.question(plan.question)
        }
        return writer.bytes
    }

    static func plans(_ bytes: [UInt8]) -> (plans: [ProbePlan], host: Int)? {
        var reader = ByteReader(bytes)
        do {
            let host = try reader.small(Int.self)
            let plans = try reader.list { reader throws(ByteReader.Malformed) in
                let name = try reader.text()
                let (every, timeout, limit) = (try reader.integer(), try reader.integer(), try reader.integer())
                return ProbePlan(
                    name: name, question: try reader.question(), every: every, timeout: timeout,
                    goodWithin: limit < 0 ? nil : limit, mark: SourceMark(line: 1, column: 1))
            }
            return reader.isAtEnd ? (plans, host) : nil
        } catch {
            return nil
        }
    }
}

extension ByteWriter {
    fileprivate mutating func question(_ question: ProbeQuestion) {
        switch question {
        case .http(let http):
            integer(0)
            self.http(http)
        case .tcp(let endpoint, let send, let expect):
            integer(1)
            self.endpoint(endpoint)
            optional(send)
            optional(expect)
        case .dns(let name, let expect):
            integer(2)
            text(name)
            optional(expect)
        case .command(let arguments, let readsNumber):
            integer(3)
            list(arguments) { $0.text($1) }
            integer(readsNumber ? 1 : 0)
        case .grpc(let endpoint, let service):
            integer(4)
            self.endpoint(endpoint)
            text(service)
        case .prometheus(let http, let query):
            integer(5)
            self.http(http)
            text(query)
        case .process(let id):
            integer(6)
            integer(id)
        case .unit(let name):
            integer(7)
            text(name)
        }
    }

    private mutating func endpoint(_ endpoint: ProbeEndpoint) {
        switch endpoint {
        case .host(let name, let port):
            integer(0)
            text(name)
            integer(port)
        case .unix(let path):
            integer(1)
            text(path)
        }
    }

    private mutating func http(_ question: HTTPQuestion) {
        endpoint(question.endpoint)
        switch question.security {
        case .none: integer(0)
        case .verified(let authorities):
            integer(1)
            optional(authorities)
        case .unverified: integer(2)
        }
        optional(question.serverName)
        for part in [question.method, question.path, question.host] { text(part) }
        list(question.headers) { writer, header in
            writer.text(header.name)
            let (kind, value) =
                switch header.value {
                case .text(let text): (0, text)
                case .environment(let name): (1, name)
                case .file(let path): (2, path)
                }
            writer.integer(kind)
            writer.text(value)
        }
        optional(question.body)
        integer(question.keepsConnection ? 1 : 0)
        list(question.goodStatus) { writer, range in
            writer.integer(range.lowerBound)
            writer.integer(range.upperBound)
        }
        optional(question.bodyContains)
        integer(question.json == nil ? 0 : 1)
        if let json = question.json { condition(json) }
    }

    private mutating func condition(_ condition: JSONCondition) {
        list(condition.path) { writer, step in
            switch step {
            case .name(let name):
                writer.integer(0)
                writer.text(name)
            case .index(let index):
                writer.integer(1)
                writer.integer(index)
            }
        }
        text(condition.comparison.rawValue)
        switch condition.value {
        case .text(let value):
            integer(0)
            text(value)
        case .number(let value):
            integer(1)
            integer(Int64(bitPattern: value.bitPattern))
        case .boolean(let value): integer(value ? 3 : 2)
        case .null: integer(4)
        }
    }
}

extension ByteReader {
    fileprivate mutating func question() throws(Malformed) -> ProbeQuestion {
        switch try integer() {
        case 0: return .http(try http())
        case 1: return .tcp(endpoint: try endpoint(), send: try optional(), expect: try optional())
        case 2: return .dns(name: try text(), expect: try optional())
        case 3:
            let arguments = try list { reader throws(Malformed) in try reader.text() }
            return .command(arguments: arguments, readsNumber: try integer() != 0)
        case 4: return .grpc(endpoint: try endpoint(), service: try text())
        case 5: return .prometheus(try http(), query: try text())
        case 6: return .process(id: try small())
        case 7: return .unit(name: try text())
        default: throw Malformed()
        }
    }

    private mutating func endpoint() throws(Malformed) -> ProbeEndpoint {
        try integer() == 0 ? .host(try text(), port: try small()) : .unix(path: try text())
    }

    private mutating func http() throws(Malformed) -> HTTPQuestion {
        let endpoint = try endpoint()
        var security = HTTPQuestion.Security.none
        switch try integer() {
        case 0: break
        case 1: security = .verified(authorities: try optional())
        default: security = .unverified
        }
        let serverName = try optional()
        let (method, path, host) = (try text(), try text(), try text())
        var question = HTTPQuestion(endpoint: endpoint, host: host)
        question.serverName = serverName
        (question.security, question.method, question.path) = (security, method, path)
        question.headers = try list { reader throws(Malformed) in
            let name = try reader.text()
            let kind = try reader.integer()
            let value = try reader.text()
            return HTTPQuestion.Header(
                name: name, value: kind == 0 ? .text(value) : kind == 1 ? .environment(value) : .file(value))
        }
        question.body = try optional()
        question.keepsConnection = try integer() != 0
        question.goodStatus = try list { reader throws(Malformed) in
            let (low, high) = (try reader.small(Int.self), try reader.small(Int.self))
            guard low <= high else { throw Malformed() }
            return low...high
        }
        question.bodyContains = try optional()
        if try integer() != 0 { question.json = try condition() }
        return question
    }

    private mutating func condition() throws(Malformed) -> JSONCondition {
        let path = try list { reader throws(Malformed) -> JSONCondition.Step in
            try reader.integer() == 0 ? .name(try reader.text()) : .index(try reader.small())
        }
        guard let comparison = JSONCondition.Comparison(rawValue: try text()) else { throw Malformed() }
        let value: JSONCondition.Value
        switch try integer() {
        case 0: value = .text(try text())
        case 1: value = .number(try double())
        case 2: value = .boolean(false)
        case 3: value = .boolean(true)
        default: value = .null
        }
        return JSONCondition(path: path, comparison: comparison, value: value)
    }
}
