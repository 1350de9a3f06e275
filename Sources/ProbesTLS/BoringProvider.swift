// SPDX-License-Identifier: Apache-2.0

#if TLS
internal import LinuxSystem
internal import LoadModel
internal import NIOCore
internal import NIOSSL
internal import Probes
internal import Synchronization

/// Makes contexts of BoringSSL: those that trust the same are one.
final class BoringProvider: TLSProvider {
    /// Where distributions keep what they trust: Debian, Arch and Alpine; Fedora; openSUSE.
    private static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    ]
    /// The largest file of authorities, in bytes: Debian's has 220 KB.
    private static let fileLimit = 16 << 20

    private let contexts = Mutex<[HTTPQuestion.Security: NIOSSLContext]>([:])

    func client(name: String, security: HTTPQuestion.Security) throws(ProbeProblem) -> any TLSClient {
        let context: NIOSSLContext
        if let known = contexts.withLock({ $0[security] }) {
            context = known
        } else {
            context = try Self.context(security)
            contexts.withLock { $0[security] = context }
        }
        let client = try BoringClient(context, name: name)
        // What is used for the first time comes from the disk, and there may be none left to read it from under a load.
        guard let session = client.session() else { throw ProbeProblem("TLS cannot begin with '\(name)'") }
        _ = session.hello()
        _ = session.end()
        return client
    }

    private static func context(_ security: HTTPQuestion.Security) throws(ProbeProblem) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        // RFC 8996: what is older is not to be used.
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        switch security {
        case .verified(let file):
            configuration.certificateVerification = .fullVerification
            configuration.trustRoots = .certificates(try authorities(file))
        case .none, .unverified: configuration.certificateVerification = .none
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ProbeProblem("TLS cannot be set up: \(FailureWords.text(error))")
        }
    }

    /// The authorities of a file, or of the system's: read whole, since a folder would be looked into under the load.
    private static func authorities(_ file: String?) throws(ProbeProblem) -> [NIOSSLCertificate] {
        let files = file.map { [$0] } ?? systemFiles
        var last = "there is none"
        for path in files {
            let bytes: [UInt8]
            do throws(RegularFile.Problem) {
                bytes = try RegularFile.bytes(path, limit: fileLimit)
            } catch {
                last = "\(error)"
                continue
            }
            if let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty { return found }
            throw ProbeProblem("the authorities in '\(path)' cannot be read: it is no file of certificates in PEM")
        }
        if let file { throw ProbeProblem("the authorities in '\(file)' cannot be read: \(last)") }
        throw ProbeProblem(
            "this host has no authorities to verify a certificate by; name a file with 'ca', or say 'verify: false'")
    }
}

/// Makes the sessions of one probe.
final class BoringClient: TLSClient {
    private let context: NIOSSLContext
    /// The name that the server is told; `nil` of an address: RFC 6066, 3.
    private let name: String?
    /// What the certificate is compared with where it is of addresses.
    private let peer: SocketAddress

    init(_ context: NIOSSLContext, name: String) throws(ProbeProblem) {
        self.context = context
        do {
            if let address = try? SocketAddress(ipAddress: name, port: 0) {
                self.name = nil
                peer = address
            } else {
                // The dot of the root is none of the name's: RFC 6066, 3. The peer is one that no certificate is of:
                // a name that resolves to an address is not known to be that address's.
                self.name = name.hasSuffix(".") ? String(name.dropLast()) : name
                peer = try SocketAddress(unixDomainSocketPath: "/")
            }
        } catch {
            throw ProbeProblem("'\(name)' cannot be the name of a server: \(error)")
        }
    }

    func session() -> (any TLSSession)? { try? BoringSession(context, name: name, peer: peer) }
}
#endif
