// SPDX-License-Identifier: Apache-2.0

import Foundation

/// As much of JSON Schema as the log's schema uses, so that the tests need nothing but Swift.
///
/// A keyword that it does not know is a failure, not something to pass over.
struct MiniSchema {
    let root: [String: Any]

    init(_ text: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as! [String: Any]
    }

    func accepts(_ line: some StringProtocol) throws -> Bool {
        accepts(try JSONSerialization.jsonObject(with: Data(String(line).utf8)), root)
    }

    private func accepts(_ value: Any, _ schema: [String: Any]) -> Bool {
        schema.allSatisfy { keyword, argument in
            switch keyword {
            case "$schema", "$id", "$defs", "title", "description":
                true
            case "$ref":
                accepts(value, definition(argument as! String))
            case "oneOf":
                (argument as! [[String: Any]]).count { accepts(value, $0) } == 1
            case "anyOf":
                (argument as! [[String: Any]]).contains { accepts(value, $0) }
            case "type":
                (argument as? [String] ?? [argument as! String]).contains { isType($0, value) }
            case "const":
                value as? String == argument as? String
            case "enum":
                (argument as! [String]).contains { $0 == value as? String }
            case "minimum":
                (value as? Double).map { $0 >= argument as! Double } ?? true
            case "maximum":
                (value as? Double).map { $0 <= argument as! Double } ?? true
            case "maxLength":
                (value as? String).map { Double($0.count) <= argument as! Double } ?? true
            case "maxProperties":
                (value as? [String: Any]).map { Double($0.count) <= argument as! Double } ?? true
            case "pattern":
                (value as? String).map { $0.range(of: argument as! String, options: .regularExpression) != nil } ?? true
            case "items":
                (value as? [Any])?.allSatisfy { accepts($0, argument as! [String: Any]) } ?? true
            case "required":
                (value as? [String: Any]).map { object in (argument as! [String]).allSatisfy { object[$0] != nil } }
                    ?? true
            case "properties":
                (value as? [String: Any])?.allSatisfy { key, member in
                    (argument as! [String: [String: Any]])[key].map { accepts(member, $0) } ?? true
                } ?? true
            case "propertyNames":
                (value as? [String: Any])?.keys.allSatisfy { accepts($0, argument as! [String: Any]) } ?? true
            case "additionalProperties":
                (value as? [String: Any])?.allSatisfy { key, member in
                    if (schema["properties"] as? [String: Any])?[key] != nil { return true }
                    return (argument as? [String: Any]).map { accepts(member, $0) } ?? (argument as! Bool)
                } ?? true
            default:
                false
            }
        }
    }

    private func definition(_ reference: String) -> [String: Any] {
        let name = String(reference.dropFirst("#/$defs/".count))
        return (root["$defs"] as! [String: [String: Any]])[name]!
    }

    private func isType(_ type: String, _ value: Any) -> Bool {
        let isBoolean = (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? (value is Bool)
        return switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "null": value is NSNull
        case "boolean": isBoolean
        case "number": !isBoolean && value is NSNumber
        case "integer": !isBoolean && (value as? Double).map { $0 == $0.rounded() } ?? false
        default: false
        }
    }
}
