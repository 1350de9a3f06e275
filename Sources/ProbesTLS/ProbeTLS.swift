// SPDX-License-Identifier: Apache-2.0

public import Probes

/// What encrypts probes, where this build has it: the package's trait `TLS`.
public enum ProbeTLS {
    /// Makes sessions; `nil` in a build without TLS.
    ///
    /// Nothing of the library is entered, and no authority is read, before a client is asked for.
    public static var provider: (any TLSProvider)? {
        #if TLS
        BoringProvider()
        #else
        nil
        #endif
    }

    /// Whether this build can ask over https.
    public static var isThere: Bool { provider != nil }
}
