// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Reporting

/// The three standard streams and what the environment says about them.
enum Console {
    static let output: Int32 = 1
    static let error: Int32 = 2

    /// Writes text, in which no name or path can drive a terminal; whether it could all be written.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Bool {
        write(Array(PlainText.safe(text).utf8), to: descriptor)
    }

    /// Writes bytes; whether they could all be written.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        // A file may be where nobody answers, and who waits there hears no signal.
        if RegularFile.isOpen(at: descriptor) { return write(bytes, to: descriptor, patience: -1) }
        return (try? StreamWriter.write(bytes, to: descriptor)) != nil
    }

    /// Writes bytes, and waits for whoever takes them, for `patience` ms (-1 is for ever) or until a signal comes that
    /// is to end this process; whether they could all be written.
    static func write(_ bytes: [UInt8], to descriptor: Int32, patience: Int32) -> Bool {
        let outlet = Outlet(descriptor)
        outlet.write(bytes)
        do {
            try outlet.finish(patience: patience) { PendingSignals.ending != nil }
            return true
        } catch {
            return false
        }
    }

    /// Writes a command's result to standard output; one that could not be written whole is no success.
    static func deliver(_ text: String) throws { try deliver(Array(text.utf8)) }

    /// Writes a document to standard output.
    static func deliver(_ bytes: [UInt8]) throws {
        if RegularFile.isOpen(at: output) {
            let outlet = Outlet(output)
            outlet.write(bytes)
            do throws(Outlet.Loss) {
                return try outlet.finish(patience: -1)
            } catch {
                if case .failed(let reason) = error { try fail("\(reason)") }
                try fail("whoever keeps it takes nothing")
            }
        }
        do {
            try StreamWriter.writeUnlessClosed(bytes, to: output)
        } catch {
            try fail("\(error)")
        }
    }

    private static func fail(_ reason: String) throws -> Never {
        complain("the result could not be written to standard output: \(reason)")
        throw ExitStatus.internalError
    }

    /// How long a message may take, in ms.
    static let complaintPatience: Int32 = 500

    /// Prints an error the way every command does; whether somebody took it within so many ms.
    @discardableResult
    static func complain(
        _ message: String, to descriptor: Int32 = error, patience: Int32 = complaintPatience
    ) -> Bool {
        let style = style(of: descriptor)
        let title = style.hasColor ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
        return write(Array("\(title) \(PlainText.safe(message))\n".utf8), to: descriptor, patience: patience)
    }

    /// Says what is waited for, where its hearers may wait, too.
    static func tell(_ sentence: String) {
        _ = write(Array("\(PlainText.safe(sentence))\n".utf8), to: error, patience: complaintPatience)
    }

    static var isUTF8: Bool {
        TerminalPolicy.isUTF8(
            lcAll: variable("LC_ALL"), lcCType: variable("LC_CTYPE"), lang: variable("LANG"))
    }

    /// How text for people may look on a stream.
    static func style(of descriptor: Int32) -> TextStyle {
        let isTerminal = Terminal.isTerminal(descriptor)
        let color = TerminalPolicy.usesColor(
            isTerminal: isTerminal, noColor: variable("NO_COLOR"), term: variable("TERM"))
        return TextStyle(
            hasColor: color, isUTF8: isTerminal ? isUTF8 : true,
            width: isTerminal ? Terminal.width(descriptor) ?? 80 : 100)
    }

    /// How progress is shown.
    static func progressPolicy(isQuiet: Bool) -> TerminalPolicy {
        TerminalPolicy.decide(
            isQuiet: isQuiet, isTerminal: Terminal.isTerminal(error), noColor: variable("NO_COLOR"),
            term: variable("TERM"), columns: variable("COLUMNS"), windowWidth: Terminal.width(error))
    }

    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
