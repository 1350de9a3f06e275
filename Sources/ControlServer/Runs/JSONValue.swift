// SPDX-License-Identifier: Apache-2.0

#if Server
/// A JSON value of a request, looked at member by member, so that what nobody reads is refused.
enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The members of the object that a body is.
    static func object(in body: [UInt8]) throws(Problem) -> [String: JSONValue] {
        let value: JSONValue
        do throws(JSONParser.Failure) {
            value = try JSONParser.value(of: body)
        } catch {
            switch error {
            case .malformed: throw Problem(.malformed, "the body is no JSON object")
            case .tooDeep: throw Problem(.malformed, "the body is nested too deeply")
            case .duplicate(let key): throw Problem(.malformed, "the body has the member '\(key)' more than once")
            }
        }
        guard case .object(let members) = value else { throw Problem(.malformed, "the body is no JSON object") }
        return members
    }
}

/// The members of an object, which are taken one by one.
struct JSONObject {
    private var members: [String: JSONValue]
    private let name: String

    init(_ members: [String: JSONValue], named name: String = "the body") {
        self.members = members
        self.name = name
    }

    func has(_ key: String) -> Bool { members[key] != nil }

    /// Takes a string; `nil` where there is none, or null.
    mutating func string(_ key: String) throws(Problem) -> String? {
        switch members.removeValue(forKey: key) {
        case .none, .null: return nil
        case .string(let text): return text
        default: throw Problem(.malformed, "'\(key)' of \(name) must be a string")
        }
    }

    /// Takes an object of strings; `nil` where there is none, or null.
    mutating func strings(_ key: String) throws(Problem) -> [String: String]? {
        switch members.removeValue(forKey: key) {
        case .none, .null: return nil
        case .object(let members):
            var texts: [String: String] = [:]
            for (name, value) in members {
                guard case .string(let text) = value else {
                    throw Problem(.malformed, "'\(name)' in '\(key)' must be a string, as a profile writes it")
                }
                texts[name] = text
            }
            return texts
        default: throw Problem(.malformed, "'\(key)' of \(name) must be an object of strings")
        }
    }

    /// Takes loads by the name of the stressor, each a string or an object with `load` and `within`, as in a profile;
    /// `nil` where there are none, or null.
    mutating func loads(_ key: String) throws(Problem) -> (load: [String: String]?, within: [String: String])? {
        switch members.removeValue(forKey: key) {
        case .none, .null: return nil
        case .object(let members):
            var (loads, within): ([String: String], [String: String]) = ([:], [:])
            for (name, value) in members {
                switch value {
                case .string(let text): loads[name] = text
                case .object(let parts):
                    var part = JSONObject(parts, named: "'\(name)' in '\(key)'")
                    guard let load = try part.string("load") else {
                        throw Problem(.malformed, "'\(name)' in '\(key)' has no 'load'")
                    }
                    loads[name] = load
                    within[name] = try part.string("within")
                    try part.end(known: ["load", "within"])
                default:
                    throw Problem(
                        .malformed,
                        "'\(name)' in '\(key)' must be a string, or an object with 'load' and 'within', as a profile "
                            + "writes it")
                }
            }
            return (loads, within)
        default: throw Problem(.malformed, "'\(key)' of \(name) must be an object of loads")
        }
    }

    /// Refuses what was not taken, as a misspelt member would be.
    func end(known: [String]) throws(Problem) {
        guard let stranger = members.keys.min() else { return }
        throw Problem(
            .malformed, "\(name) has an unknown member '\(stranger)'; there are: \(known.joined(separator: ", "))")
    }
}
#endif
