// SPDX-License-Identifier: Apache-2.0

public import Engine
public import LoadModel

/// Every kind of stressor; a new one adds its line here and nothing elsewhere.
public enum Catalog {
    /// The kinds, in the order of `exert list`.
    public static let all: [any Stressor.Type] = [
        CPUStressor.self,
        MemoryStressor.self,
        MemoryBandwidthStressor.self,
        DiskSpaceStressor.self,
        InodesStressor.self,
        FileHandleStressor.self,
        ProcessesStressor.self,
        DiskBandwidthStressor.self,
        NullStressor.self,
    ]

    /// What each of them is.
    public static let manifests: [Manifest] = all.map { $0.manifest }
}
