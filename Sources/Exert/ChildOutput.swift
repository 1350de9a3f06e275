// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem

/// What a command writes to its standard output.
package enum ChildOutput {
    /// Runs a command to its end and returns what it wrote; it is killed after `seconds` and beyond `limit` bytes.
    package static func collect(
        _ executable: String, arguments: [String], seconds: Int64, limit: Int
    ) async throws(Refusal) -> [UInt8] {
        let outcome: Result<[UInt8], Refusal> = await withCheckedContinuation { continuation in
            do {
                let thread = try KernelThread(named: "exert-child") {
                    continuation.resume(returning: read(executable, arguments, seconds, limit))
                }
                thread.detach()
            } catch {
                continuation.resume(returning: .failure(Refusal(.internal, "no thread for a command: \(error)")))
            }
        }
        return try outcome.get()
    }

    private static func read(
        _ executable: String, _ arguments: [String], _ seconds: Int64, _ limit: Int
    ) -> Result<[UInt8], Refusal> {
        let name = arguments.joined(separator: " ")
        let child: PipedChild
        do {
            child = try PipedChild(executable, arguments: arguments, withholding: ["EXERT_TOKEN"])
        } catch {
            return .failure(Refusal(.internal, "\(name) cannot be started: \(error)"))
        }
        child.closeInput()
        let deadline = Clocks.monotonic + seconds * 1_000_000_000
        var bytes: [UInt8] = []
        while true {
            switch child.wait(until: deadline) {
            case .output(let chunk): bytes += chunk
            case .outputEnded:
                let end = child.end(patience: 1000)
                if end.exitCode == 0 { return .success(bytes) }
                return .failure(Refusal(.internal, "\(name) failed with exit code \(end.exitCode)"))
            case .woken: break
            }
            if bytes.count > limit || Clocks.monotonic >= deadline {
                _ = child.end(patience: 0)
                return .failure(Refusal(.internal, "\(name) did not end within \(seconds) s and \(limit) bytes"))
            }
        }
    }
}
