// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel
internal import SystemPackage

/// Holds open file handles, or takes them from another process by way of its limit.
public struct FileHandleStressor: Stressor {
    private let scope: HandleScope
    private let kind: HandleTable.Kind
    private let keepFree: Int64
    private let plannedLimit: UInt64
    private let follows: Bool
    private let context: StressorContext

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        scope = HandleScope(settings)
        kind = scope.kind(settings)
        keepFree = Int64(Self.keepFree(settings))
        plannedLimit = UInt64(max(0, settings.integer(HandleScope.limitKey) ?? 0))
        follows = settings.flag("follow")
        context = process
        if case .target = scope { return }
        do throws(Errno) {
            let limit = try CurrentProcess.raiseOpenFileLimit()
            let share = Int(process.peak / Double(process.processes)) + Self.reserve
            try CurrentProcess.expandDescriptorTable(to: min(share, Int(clamping: limit)))
        } catch {
            throw .impossible("the descriptor table cannot be made large enough: \(error)")
        }
    }

    /// Descriptors that are left for the stressor process itself where several share a target: it has some ten.
    static let reserve = 16

    static func keepFree(_ settings: Settings) -> Int { settings.integer("keep-free") ?? 1024 }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        if case .target(let id) = scope {
            var squeeze = try LimitSqueeze(of: id, plannedLimit: plannedLimit, lane: lane, context: context)
            do throws(StressorFailure) {
                try lane.hold(&squeeze)
            } catch {
                try? squeeze.restore()
                throw error
            }
            try squeeze.restore()
            return
        }
        let share = scope == .system ? TotalFollower(systemTableOf: context, keepFree: keepFree) : nil
        var holder = try HandleHolder(of: kind, lane: lane, context: context, system: share, follows: follows)
        try lane.hold(&holder)
        holder.release()
    }
}
