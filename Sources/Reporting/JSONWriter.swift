// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Writes JSON in the order of the calls into a buffer that keeps its capacity.
///
/// The caller nests objects and arrays properly; the writer sees to commas, escapes and layout.
public struct JSONWriter: Sendable {
    /// How the text is laid out.
    public enum Layout: Sendable {
        /// No white space, one line.
        case compact
        /// One member a line, two spaces a level.
        case pretty
    }

    /// What has been written since the last ``removeAll()``, as UTF-8.
    public private(set) var bytes: [UInt8] = []
    private let layout: Layout
    private var depth = 0
    /// Whether the next member of the open object or array needs a comma before it.
    private var needsComma = false
    /// Whether the next value stands behind a key.
    private var followsKey = false

    /// Creates a writer whose buffer has room for `capacity` bytes.
    public init(_ layout: Layout = .compact, capacity: Int = 4096) {
        self.layout = layout
        bytes.reserveCapacity(capacity)
    }

    /// Begins anew in the same buffer.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        depth = 0
        needsComma = false
        followsKey = false
    }

    /// Ends a line of a log, so that another value may follow.
    public mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the open object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the open array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes the key of the next value; `name` needs no escapes.
    public mutating func key(_ name: StaticString) {
        beginMember()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        endKey()
    }

    /// Writes the key of the next value; `name` is data, such as a stressor's name.
    public mutating func key(data name: String) {
        beginMember()
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(name)
        endKey()
    }

    /// Writes a string, or null where there is none.
    ///
    /// A Swift string is valid Unicode: what is not valid UTF-8 was replaced by U+FFFD when the string was made.
    public mutating func string(_ text: String?) {
        guard let text else { return null() }
        beginMember()
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text)
        bytes.append(UInt8(ascii: "\""))
        endMember()
    }

    /// Writes a whole number, or null where there is none.
    public mutating func integer<Value: FixedWidthInteger>(_ value: Value?) {
        guard let value else { return null() }
        beginMember()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        NumberText.appendDigits(UInt64(value.magnitude), width: 1, to: &bytes)
        endMember()
    }

    /// Writes a number with at most `places` decimals, through nine, zeros at the end left out.
    ///
    /// Null where there is none, or where it is infinite or not a number, which JSON cannot say.
    public mutating func decimal(_ value: Double?, places: Int) {
        guard let value, value.isFinite else { return null() }
        beginMember()
        if !NumberText.append(value, places: places, trimming: true, to: &bytes) {
            appendShortest(value)
        }
        endMember()
    }

    /// Writes a number with the fewest digits that read back as the same `Double`; whole numbers have no `.0`.
    ///
    /// Null where there is none, or where it is infinite or not a number.
    public mutating func number(_ value: Double?) {
        guard let value, value.isFinite else { return null() }
        beginMember()
        appendShortest(value)
        endMember()
    }

    /// Writes an instant in nanoseconds since the Unix epoch as an RFC 3339 string.
    public mutating func timestamp(_ time: Int64) {
        beginMember()
        bytes.append(UInt8(ascii: "\""))
        Timestamp.append(time, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        endMember()
    }

    /// Writes a length of time, given in nanoseconds, as seconds, exact to the nanosecond.
    public mutating func seconds(of time: Int64) {
        beginMember()
        NumberText.append(secondsOf: time, to: &bytes)
        endMember()
    }

    /// Writes true or false.
    public mutating func boolean(_ value: Bool) { literal(value ? "true" : "false") }

    /// Writes null.
    public mutating func null() { literal("null") }

    private mutating func appendShortest(_ value: Double) {
        // Up to 2^53 a Double is that very integer, and above it every integer has more digits than are needed.
        if value.magnitude <= 0x1p53, value == value.rounded() {
            NumberText.append(Int64(value), to: &bytes)
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }

    private mutating func literal(_ text: StaticString) {
        beginMember()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        endMember()
    }

    private mutating func open(_ bracket: UInt8) {
        beginMember()
        bytes.append(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        // An empty object or array stays on its line.
        if needsComma { breakLine() }
        bytes.append(bracket)
        endMember()
    }

    private mutating func beginMember() {
        if followsKey {
            followsKey = false
            return
        }
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        if depth > 0 { breakLine() }
    }

    private mutating func endMember() { needsComma = true }

    private mutating func endKey() {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        if layout == .pretty { bytes.append(UInt8(ascii: " ")) }
        followsKey = true
    }

    private mutating func breakLine() {
        guard layout == .pretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        for _ in 0..<(2 * depth) { bytes.append(UInt8(ascii: " ")) }
    }

    private mutating func appendEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x00..<0x20, 0x7F:
                appendEscape(ofControl: byte)
            default:
                bytes.append(byte)
            }
        }
    }

    /// Appends a control character's escape, so that a log shown on a terminal cannot move its cursor.
    private mutating func appendEscape(ofControl byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let digits: StaticString = "0123456789abcdef"
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            bytes.append(digits.utf8Start[Int(byte >> 4)])
            bytes.append(digits.utf8Start[Int(byte & 15)])
        }
    }
}
