// SPDX-License-Identifier: Apache-2.0

internal import Exert
internal import Hummingbird
internal import HummingbirdTLS

/// The HTTP face of runs.
public struct ControlServer: Sendable {
}
