// SPDX-License-Identifier: Apache-2.0

package import LoadModel

/// The text of a profile, or of a file of another tool, as Unicode scalars, which is what YAML counts its columns in.
package struct SourceText {
    /// The scalars, without a byte order mark.
    package var scalars: [Unicode.Scalar]
    /// Where each line begins in ``scalars``.
    private var lineStarts: [Int]

    /// The most bytes that a profile may have: hundreds of times what anyone writes by hand.
    package static let sizeLimit = 1 << 20

    /// Decodes `bytes`, refusing what cannot be text before any of it reaches the YAML library.
    ///
    /// - Parameter title: what it is called in messages.
    package init(_ bytes: [UInt8], title: String = "the profile") throws(Diagnostic.Refusal) {
        guard bytes.count <= Self.sizeLimit else {
            throw .init(nil, "\(title) is \(mebibytes(bytes.count)); the limit is \(mebibytes(Self.sizeLimit))")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw .init(nil, "\(title) is UTF-16; save it as UTF-8")
        }
        scalars = []
        scalars.reserveCapacity(bytes.count)
        lineStarts = [0]
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var previous: Unicode.Scalar?
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: break decoding
            case .error: throw .init(endMark, "\(title) is not UTF-8 text; save it as UTF-8")
            case .scalarValue(let scalar):
                if scalar == "\u{FEFF}", previous == nil, scalars.isEmpty { continue }
                guard scalar.isYAMLPrintable else {
                    let code = String(scalar.value, radix: 16, uppercase: true)
                    let name = "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
                    throw .init(endMark, "\(title) is not plain text: it has the control character \(name)")
                }
                scalars.append(scalar)
                if previous == "\r", scalar == "\n" {
                    lineStarts[lineStarts.count - 1] = scalars.count
                } else if scalar.isYAMLBreak {
                    lineStarts.append(scalars.count)
                }
                previous = scalar
            }
        }
    }

    /// The place right after the last scalar.
    private var endMark: SourceMark {
        let start = lineStarts.last ?? 0
        return SourceMark(line: lineStarts.count, column: scalars.count - start + 1)
    }

    /// The index of a place in ``scalars``; `nil` where there is none.
    func index(of mark: SourceMark) -> Int? {
        guard mark.line >= 1, mark.line <= lineStarts.count, mark.column >= 1 else { return nil }
        let index = lineStarts[mark.line - 1] + mark.column - 1
        return index < scalars.count ? index : nil
    }

    /// The place of the scalar at `offset` within a value that begins at `mark`.
    ///
    /// Only where the value stands in the text as it is read, plain or quoted, in one line; else the value's beginning,
    /// because escapes and folded lines shift what comes after them.
    func mark(of value: String, at mark: SourceMark, offset: Int) -> SourceMark {
        guard offset > 0, var start = index(of: mark) else { return mark }
        if scalars[start] == "\"" || scalars[start] == "'" { start += 1 }
        let wanted = Array(value.unicodeScalars)
        let end = min(start + offset + 1, start + wanted.count)
        guard end <= scalars.count, scalars[start..<end].elementsEqual(wanted[..<(end - start)]),
            !wanted[..<(end - start)].contains(where: \.isYAMLBreak)
        else { return mark }
        var place = mark
        place.column += (start - (index(of: mark) ?? start)) + offset
        return place
    }
}

extension Diagnostic {
    /// A diagnostic that can be thrown where nothing further can be read.
    package struct Refusal: Error {
        package let diagnostic: Diagnostic
        init(_ mark: SourceMark?, _ message: String) { diagnostic = Diagnostic(mark, message) }
    }
}

extension Unicode.Scalar {
    /// What YAML 1.1 ends a line with.
    var isYAMLBreak: Bool {
        switch value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// What libyaml's reader takes, so that its own error, which has no line, is never met.
    var isYAMLPrintable: Bool {
        switch value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: value != 0xFEFF
        default: false
        }
    }

    var isSpace: Bool { self == " " || self == "\t" }
    var isDigit: Bool { ("0"..."9").contains(self) }
    var isLetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}

/// `bytes` in MiB with one decimal, none where it is whole.
func mebibytes(_ bytes: Int) -> String {
    let tenths = (bytes * 10 + 1 << 19) >> 20
    return tenths % 10 == 0 && bytes % (1 << 20) == 0 ? "\(tenths / 10) MiB" : "\(tenths / 10).\(tenths % 10) MiB"
}
