// SPDX-License-Identifier: Apache-2.0

import Engine
import Exert
import LinuxSystem
import LoadModel

/// Orders that come as lines on standard input, and what goes out on standard output.
final class WireSteering: RunSteering {
    /// How long whoever drives the run may take to read its last line, in ms.
    private static let patience: Int32 = 1000

    private lazy var outlet = Outlet(Console.output)
    private var buffer: [UInt8] = []
    private var isOpen = true
    private var hasToldEnd = false
    /// When something came last, in ns of `CLOCK_MONOTONIC`.
    private var heardAt = Clocks.monotonic
    private var isHeard = true
    /// The command that the last order came from.
    private var current: WireCommand?

    var descriptors: [Int32] { isOpen ? [0] : [] }

    /// Waits for the first command; `nil` where it starts nothing.
    func start() -> (id: Int, request: RunRequest)? {
        while isOpen {
            if let command = nextCommand() {
                guard let request = command.start else { return nil }
                return (command.id, request)
            }
            if isOpen { _ = EventPoll.wait([0]) }
        }
        return nil
    }

    func next() -> RunOrder? {
        guard let command = nextCommand() else {
            // Whoever drove the run is gone, or says nothing that can be understood: everything is released, once.
            let isSilent = Clocks.monotonic - heardAt > Wire.silenceLimit
            guard !isOpen || isSilent, !hasToldEnd else { return nil }
            hasToldEnd = true
            if isOpen { Console.complain("nobody has been heard of for \(Wire.silenceLimit / 1_000_000_000) s") }
            return .stop
        }
        current = command
        guard command.stop != true else { return .stop }
        var order = RunOrder()
        order.loads = command.load ?? [:]
        order.within = command.within ?? [:]
        order.pauses = command.state.map { $0 == .paused }
        order.renews = command.renew ?? false
        return order
    }

    func answer(_ refusal: OrderRefusal?) {
        guard let id = current?.id else { return }
        if let refusal {
            send(WireAnswer(refused: .init(id: id, refusal: Refusal(refusal))))
        } else {
            send(WireAnswer(done: .init(id: id)))
        }
    }

    func send(_ answer: WireAnswer) { send(answer.line) }

    /// Sends the last line, and waits until all is read.
    func sendLast(_ answer: WireAnswer) {
        send(answer)
        try? outlet.finish(patience: Self.patience)
    }

    /// Writes a line, and never waits; after one that could not be written, nothing more is.
    func send(_ line: [UInt8]) {
        guard isHeard else { return }
        isHeard = outlet.write(line)
        if !isHeard { Console.complain("the run goes on unheard: nobody reads what it tells") }
    }

    private func nextCommand() -> WireCommand? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = Array(buffer[..<end])
                buffer.removeSubrange(...end)
                if let command = WireCommand(line: line) {
                    heardAt = Clocks.monotonic
                    if command.beat == true { continue }
                    return command
                }
                Console.complain("a command could not be read")
                isOpen = false
                buffer = []
                return nil
            }
            guard isOpen else { return nil }
            switch StreamReader.read(0) {
            case .bytes(let bytes):
                buffer += bytes
                if buffer.count > Wire.commandLimit { isOpen = false }
            case .nothing: return nil
            case .end: isOpen = false
            }
        }
    }
}

extension RunOrder {
    /// Ends the run.
    fileprivate static var stop: RunOrder {
        var order = RunOrder()
        order.stops = true
        return order
    }
}

extension Refusal {
    fileprivate init(_ refusal: OrderRefusal) {
        let kind: Refusal.Kind =
            switch refusal.kind {
            case .invalid: .invalid
            case .unsupported: .unsupported
            case .conflict: .conflict
            }
        self.init(kind, refusal.message, diagnostics: refusal.diagnostics.map { Refusal.Diagnostic($0) })
    }
}

extension Refusal.Diagnostic {
    init(_ diagnostic: LoadModel.Diagnostic) {
        self.init(line: diagnostic.mark?.line, column: diagnostic.mark?.column, message: diagnostic.message)
    }
}
