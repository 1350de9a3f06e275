// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
public import LoadModel

extension HeldDirectory {
    /// Opens the directory that `path` leads to now; `nil` where there is none that may be opened.
    public static func open(_ path: String) -> HeldDirectory? {
        // Loads write there.
        guard Places.waitForAnswer(of: path, writes: true) == nil,
            let descriptor = try? OwnedDescriptor.open(path, FileFlags.directory),
            let real = RealPath.ofDescriptor(descriptor.rawValue)
        else { return nil }
        let owner = DescriptorOwner(descriptor)
        return HeldDirectory(path: real, descriptor: owner.descriptor.rawValue, owner: owner)
    }
}

extension Settings {
    /// Opens every directory among the settings that is only a path yet; what cannot be opened stays one, for the
    /// stressor to say why.
    mutating func holdDirectories(of manifest: Manifest) {
        for key in manifest.keys where key.type == .directory {
            guard case .text(let path)? = values[key.name], let held = HeldDirectory.open(path) else { continue }
            values[key.name] = .directory(held)
        }
    }
}

/// Keeps a descriptor open.
private final class DescriptorOwner: Sendable {
    let descriptor: OwnedDescriptor
    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
}
