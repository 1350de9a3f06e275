// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore
internal import LinuxSystem

/// `/v1/host`: what this host offers.
struct HostRoutes: Sendable {
    private let survey: HostSurveyor

    init(executable: String) { survey = HostSurveyor(executable: executable) }

    var routes: [Route] { [Route("/v1/host", [(.get, host)])] }

    @Sendable private func host(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        return .document(try await survey.document())
    }
}

/// Asks `exert host`, in a process of its own: it tries techniques out, which the server itself never does.
private actor HostSurveyor {
    /// How long an answer is good for, in ns.
    private static let age: Int64 = 5_000_000_000
    private static let patience: Int64 = 20
    private static let sizeLimit = 4 << 20

    private let executable: String
    private var latest: (bytes: [UInt8], at: Int64)?
    private var survey: Task<Result<[UInt8], Refusal>, Never>?

    init(executable: String) { self.executable = executable }

    /// The document; those who ask at the same time get the same one.
    func document() async throws(Problem) -> [UInt8] {
        if let latest, Clocks.monotonic - latest.at < Self.age { return latest.bytes }
        let task = survey ?? begin()
        do throws(Refusal) {
            return try await task.value.get()
        } catch {
            throw Problem(error)
        }
    }

    private func begin() -> Task<Result<[UInt8], Refusal>, Never> {
        let task = Task { () -> Result<[UInt8], Refusal> in
            let outcome = await Self.ask(executable)
            if case .success(let bytes) = outcome { latest = (bytes, Clocks.monotonic) }
            survey = nil
            return outcome
        }
        survey = task
        return task
    }

    private static func ask(_ executable: String) async -> Result<[UInt8], Refusal> {
        do throws(Refusal) {
            return .success(
                try await ChildOutput.collect(
                    executable, arguments: ["exert", "host", "--format", "json"], seconds: patience, limit: sizeLimit))
        } catch {
            return .failure(error)
        }
    }
}
#endif
