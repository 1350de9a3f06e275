// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A server of ours on a port that was free.
struct Service {
    let port: UInt16
    let process: RunningExert
    var url: String { "http://127.0.0.1:\(port)/readyz" }

    /// - Parameter options: such as those that have it speak TLS.
    init(_ options: [String] = []) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            _ = bind(socket, pointer, length)
            getsockname(socket, pointer, &length)
        }
        close(socket)
        let port = UInt16(bigEndian: address.sin_port)
        self.port = port
        process = try Exert.start(["serve", "--listen", "127.0.0.1:\(port)"] + options)
        let isTLS = options.contains("--tls-key")
        let isReady = eventually(within: 20) {
            // `exert health` speaks no TLS; to connect says enough then.
            isTLS
                ? (try? Exert.run(["probe", "tcp://127.0.0.1:\(port)", "--for", "100ms", "-q"]).code) == 0
                : (try? Exert.run(["health", "127.0.0.1:\(port)"]).code) == 0
        }
        try #require(isReady, "\(process.error)")
    }
}
