// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// Looks at a process that is to be squeezed, before anything is started.
enum TargetCheck {
    /// 100 % is the soft limit that the process has now; the figure is that limit less what is free below it.
    static func base(_ id: Int32, _ request: LoadRequest) throws(PlanProblem) -> Base {
        let key = HandleScope.targetKey
        if request.settings.text("of") == "system" {
            throw .invalid(setting: "of", "'target' is about the table of one process; drop 'of: system'")
        }
        if let handle = request.settings.text("handle"), handle != "auto" {
            throw .invalid(setting: "handle", "a target's table is squeezed by its limit, nothing is opened in it")
        }
        guard request.amounts.subtracting([.leave]).isEmpty else {
            throw .invalid(
                setting: key, "the table of another process can only be squeezed to 'leave N' free; drop other loads")
        }
        guard let facts = ProcessFacts(of: id), !facts.isEnded else {
            throw .invalid(setting: key, "there is no process \(id)")
        }
        let subject = "process \(id) (\(facts.name))"
        if facts.threadGroup != id {
            throw .invalid(
                setting: key, "\(id) is a thread of process \(facts.threadGroup); give that one")
        }
        if facts.isKernelThread {
            throw .invalid(setting: key, "\(subject) is a thread of the kernel and has no descriptors")
        }
        if id == CurrentProcess.id { throw .invalid(setting: key, "\(subject) is exert itself") }
        let limit = try limit(of: id, subject)
        let text = "\(subject): soft RLIMIT_NOFILE \(limit.soft), less what it can still open"
        return Base(
            capacity: Double(limit.soft), free: Double(limit.soft), text: text, mode: .total,
            floor: 2)
    }

    private static func limit(of id: Int32, _ subject: String) throws(PlanProblem) -> OpenFileLimit {
        do throws(Errno) {
            guard try DescriptorTable(of: id).unused(below: 0) != nil else { throw .permissionDenied }
            return try OpenFileLimit.of(processID: id)
        } catch {
            switch error {
            case .noSuchProcess, .noSuchFileOrDirectory:
                throw .invalid(setting: HandleScope.targetKey, "there is no process \(id)")
            case .permissionDenied, .notPermitted:
                throw .unsupported(
                    "\(subject) is not ours: its limit may be set by a process of the same user and group, or with "
                        + "CAP_SYS_RESOURCE; run exert as that user")
            default: throw .unsupported("the limit of \(subject) cannot be read: \(error)")
            }
        }
    }

    static func prepare(_ id: Int32, base: Base, curve: Curve) -> Preparation {
        var findings: [Finding] = []
        let least = base.capacity - curve.peak
        if let free = try? DescriptorTable(of: id).unused(below: UInt64(base.capacity)), Double(free) < least {
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "process \(id) has only \(free) descriptors free now, fewer than are to be left"))
        }
        return Preparation(
            workers: 1, findings: findings,
            settings: [
                "handle": .text("none"), "mode": .text(base.mode.rawValue),
                HandleScope.limitKey: .integer(Int(base.capacity)),
            ])
    }
}
