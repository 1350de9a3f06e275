// SPDX-License-Identifier: Apache-2.0

/// What one process can address.
public enum AddressSpace {
    /// In bytes; from there on nothing can be reserved (`Documentation/arch/x86/x86_64/mm.rst` of the kernel).
    public static let limit = 0x1p47
}
