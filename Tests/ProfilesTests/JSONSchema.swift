// SPDX-License-Identifier: Apache-2.0

import Foundation

/// As much of JSON Schema as that of profiles uses; a keyword that it does not know is a failure.
struct JSONSchema {
    private let root: [String: Any]
    private let patterns = Patterns()

    init(_ text: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    func accepts(_ text: String) throws -> Bool {
        accepts(try JSONSerialization.jsonObject(with: Data(text.utf8)), root)
    }

    /// The same, where what is no JSON at all is not taken.
    func takes(_ text: String) -> Bool { (try? accepts(text)) ?? false }

    /// Whether a pattern is found; each is compiled once.
    private func isFound(_ pattern: String, in text: String) -> Bool {
        guard let expression = patterns.expression(pattern) else { return false }
        return expression.firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
    }

    /// Patterns that were compiled.
    private final class Patterns {
        private var known: [String: NSRegularExpression] = [:]

        func expression(_ pattern: String) -> NSRegularExpression? {
            if let expression = known[pattern] { return expression }
            known[pattern] = try? NSRegularExpression(pattern: pattern)
            return known[pattern]
        }
    }

    private func accepts(_ value: Any, _ schema: Any) -> Bool {
        if let schema = schema as? Bool { return schema }
        guard let schema = schema as? [String: Any] else { return false }
        return schema.allSatisfy { holds($0, $1, of: value, schema) }
    }

    private func holds(_ keyword: String, _ argument: Any, of value: Any, _ schema: [String: Any]) -> Bool {
        let object = value as? [String: Any]
        let number = isNumber(value) ? (value as? NSNumber)?.doubleValue : nil
        let limit = (argument as? NSNumber)?.doubleValue ?? 0
        switch keyword {
        case "$schema", "$id", "$defs", "title", "description", "default", "examples", "then": return true
        case "$ref":
            let name = (argument as? String ?? "").dropFirst("#/$defs/".count)
            return (root["$defs"] as? [String: Any])?[String(name)].map { accepts(value, $0) } ?? false
        case "not": return !accepts(value, argument)
        case "anyOf": return (argument as? [Any] ?? []).contains { accepts(value, $0) }
        case "allOf": return (argument as? [Any] ?? []).allSatisfy { accepts(value, $0) }
        case "if": return !accepts(value, argument) || accepts(value, schema["then"] ?? true)
        case "type": return (argument as? [String] ?? [argument as? String ?? ""]).contains { isType($0, value) }
        case "const": return isSame(argument, value)
        case "enum": return (argument as? [Any] ?? []).contains { isSame($0, value) }
        case "minimum": return number.map { $0 >= limit } ?? true
        case "maximum": return number.map { $0 <= limit } ?? true
        case "minLength": return (value as? String).map { Double($0.unicodeScalars.count) >= limit } ?? true
        case "maxLength": return (value as? String).map { Double($0.unicodeScalars.count) <= limit } ?? true
        case "minItems": return (value as? [Any]).map { Double($0.count) >= limit } ?? true
        case "maxItems": return (value as? [Any]).map { Double($0.count) <= limit } ?? true
        case "minProperties": return object.map { Double($0.count) >= limit } ?? true
        case "maxProperties": return object.map { Double($0.count) <= limit } ?? true
        case "pattern":
            return (value as? String).map { isFound(argument as? String ?? "(", in: $0) } ?? true
        case "contains": return (value as? [Any])?.contains { accepts($0, argument) } ?? true
        case "items": return (value as? [Any])?.allSatisfy { accepts($0, argument) } ?? true
        case "required":
            return object.map { object in (argument as? [String] ?? []).allSatisfy { object[$0] != nil } } ?? true
        case "properties":
            return object?.allSatisfy { key, member in
                (argument as? [String: Any])?[key].map { accepts(member, $0) } ?? true
            } ?? true
        case "patternProperties": return true
        case "propertyNames": return object?.keys.allSatisfy { accepts($0, argument) } ?? true
        case "additionalProperties":
            let known = schema["properties"] as? [String: Any] ?? [:]
            let names = (schema["patternProperties"] as? [String: Any] ?? [:]).keys
            return object?.allSatisfy { key, member in
                known[key] != nil || names.contains { isFound($0, in: key) }
                    || accepts(member, argument)
            } ?? true
        default: return false
        }
    }

    private func isSame(_ a: Any, _ b: Any) -> Bool {
        if isBoolean(a) || isBoolean(b) { return isBoolean(a) && isBoolean(b) && a as? Bool == b as? Bool }
        if let a = a as? String, let b = b as? String { return a == b }
        return isNumber(a) && isNumber(b) && a as? Double == b as? Double
    }

    private func isNumber(_ value: Any) -> Bool { value is NSNumber && !isBoolean(value) }
    private func isBoolean(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    }

    private func isType(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "null": value is NSNull
        case "boolean": isBoolean(value)
        case "number": isNumber(value)
        case "integer":
            isNumber(value) && (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
        default: false
        }
    }
}
