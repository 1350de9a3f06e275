// SPDX-License-Identifier: Apache-2.0

#if TLS
internal import Glibc
internal import NIOSSL

/// Errors of TLS as people can act on them.
enum FailureWords {
    /// - Parameters:
    ///   - name: what the certificate was to be of.
    ///   - certificate: the server's, where one has come.
    static func text(_ error: any Error, name: String = "", certificate: NIOSSLCertificate? = nil) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "the certificate is not of '\(name)'"
        case let error as NIOSSLExtraError where error == .serverHostnameImpossibleToMatch:
            return "no certificate can be of '\(name)'"
        case NIOSSLError.handshakeFailed(.sslError(let stack)), BoringSSLError.sslError(let stack):
            return text(of: stack, certificate)
        case NIOSSLError.handshakeFailed(let inner): return text(inner, name: name, certificate: certificate)
        default: return "TLS failed: \(error)"
        }
    }

    private static func text(of stack: NIOBoringSSLErrorStack, _ certificate: NIOSSLCertificate?) -> String {
        let reasons = stack.map { reason(of: $0.description) }
        guard let reason = reasons.first else { return "the handshake failed" }
        if reasons.contains("CERTIFICATE_VERIFY_FAILED") { return doubt(certificate) }
        // An alert that came: what the other side calls ours.
        for prefix in ["SSLV3_ALERT_", "TLSV1_ALERT_"] where reason.hasPrefix(prefix) {
            return "the service refuses the connection: alert '\(plain(reason.dropFirst(prefix.utf8.count)))'"
        }
        return "the handshake failed: \(plain(reason[...]))"
    }

    /// BoringSSL does not say what it has against a certificate, but the certificate does.
    private static func doubt(_ certificate: NIOSSLCertificate?) -> String {
        let now = time(nil)
        if let end = certificate?.notValidAfter, end < now { return "the certificate expired on \(date(end))" }
        if let begin = certificate?.notValidBefore, begin > now {
            return "the certificate is not valid before \(date(begin))"
        }
        return "no authority that is trusted here vouches for the certificate"
    }

    /// The name in such as `Error: 1 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at F:1`.
    private static func reason(of description: String) -> String {
        let parts = description.split(separator: ":")
        guard let marker = parts.firstIndex(of: "OPENSSL_internal"), marker + 1 < parts.endIndex else {
            return description
        }
        return String(parts[marker + 1].prefix { $0 != " " })
    }

    private static func plain(_ name: Substring) -> String {
        String(name.lowercased().map { $0 == "_" ? " " : $0 })
    }

    /// Such as `2026-11-30`, in UTC.
    private static func date(_ seconds: time_t) -> String {
        var (seconds, parts) = (seconds, tm())
        gmtime_r(&seconds, &parts)
        let numbers = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        return numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
    }
}
#endif
