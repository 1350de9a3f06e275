// SPDX-License-Identifier: Apache-2.0

/// The file with the authorities that a probe trusts: what is not there, or has nothing in it, is told with its place.
///
/// The prober reads it again, before the load; what is in it is for whoever knows certificates.
enum AuthoritiesFile {
    static func check(_ path: String, _ readFile: (String) throws -> [UInt8]) throws(NotationError) {
        let bytes: [UInt8]
        do {
            bytes = try readFile(path)
        } catch {
            throw NotationError(
                0, "cannot read the authorities \(Wording.quote(path)): \(Wording.line("\(error)"))")
        }
        guard !bytes.isEmpty else { throw NotationError(0, "\(Wording.quote(path)) has no authorities: it is empty") }
        // RFC 7468, 5; OpenSSL's own `TRUSTED CERTIFICATE` ends like it.
        guard String(decoding: bytes, as: UTF8.self).contains("CERTIFICATE-----") else {
            throw NotationError(
                0, "\(Wording.quote(path)) has no certificate in PEM, which begins with '-----BEGIN CERTIFICATE-----'")
        }
    }
}
