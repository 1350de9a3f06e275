// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Latency distributions in HdrHistogram's own interchange format, so that its tools can merge and plot them.
///
/// The text is the base64 of a compressed V2 histogram, as in HdrHistogram logs: a header, then the counts as ZigZag
/// LEB128 numbers in which a negative one stands for that many zeros. The deflate stream within holds stored blocks:
/// the counts are small already, and storing needs no compressor.
///
/// Source: `HistogramLogWriter` and `AbstractHistogram.encodeIntoCompressedByteBuffer` of
/// https://github.com/HdrHistogram/HdrHistogram, RFC 1950 and RFC 1951.
enum HistogramEncoding {
    private static let cookie: UInt32 = 0x1C84_9303 | 0x10
    private static let compressedCookie: UInt32 = 0x1C84_9304 | 0x10

    static func text(of distribution: LatencyDistribution) -> String {
        let deflated = stored(plain(distribution))
        return base64(bigEndian(compressedCookie) + bigEndian(UInt32(deflated.count)) + deflated)
    }

    private static func plain(_ distribution: LatencyDistribution) -> [UInt8] {
        var counts: [UInt8] = []
        var zeros: Int64 = 0
        for count in distribution.counts {
            if count == 0 {
                zeros += 1
                continue
            }
            if zeros > 0 { append(-zeros, to: &counts) }
            zeros = 0
            append(count, to: &counts)
        }
        var bytes = bigEndian(cookie) + bigEndian(UInt32(counts.count))
        bytes += bigEndian(UInt32(0))  // normalizing index offset
        bytes += bigEndian(UInt32(LatencyScale.digits))
        bytes += bigEndian(UInt64(LatencyScale.lowest)) + bigEndian(UInt64(LatencyScale.highest))
        bytes += bigEndian((1.0).bitPattern)  // integer to double conversion ratio
        return bytes + counts
    }

    /// ZigZag, then seven bits a byte, the lowest first; a ninth byte holds eight.
    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        for _ in 0..<8 {
            if rest < 0x80 {
                bytes.append(UInt8(rest))
                return
            }
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A zlib stream of stored blocks.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var at = 0
        repeat {
            let end = min(bytes.count, at + 65_535)
            let size = UInt16(end - at)
            stream.append(end == bytes.count ? 1 : 0)
            for half in [size, ~size] { stream += [UInt8(half & 0xFF), UInt8(half >> 8)] }
            stream += bytes[at..<end]
            at = end
        } while at < bytes.count
        return stream + bigEndian(adler32(bytes))
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return b << 16 | a
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).map { start + $0 < bytes.count ? UInt32(bytes[start + $0]) : 0 }
            let word = group[0] << 16 | group[1] << 8 | group[2]
            for place in 0..<4 {
                let isPadding = start + place > bytes.count
                text.append(isPadding ? UInt8(ascii: "=") : letters[Int(word >> UInt32(18 - 6 * place) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
