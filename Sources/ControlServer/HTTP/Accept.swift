// SPDX-License-Identifier: Apache-2.0

#if Server
/// What media types a caller prefers.
enum Accept {
    /// How much `type`, such as `text/plain`, is wanted by an `Accept` field: 0 through 1.
    static func quality(of type: String, in field: String?) -> Double {
        guard let field else { return 1 }
        let family = type.prefix { $0 != "/" } + "/*"
        var best = (rank: 0, quality: 0.0)
        for range in field.lowercased().split(separator: ",") {
            let parts = range.split(separator: ";").map(\.trimmed)
            guard let name = parts.first else { continue }
            // The most specific range decides.
            let rank = name == type ? 3 : name == family ? 2 : name == "*/*" ? 1 : 0
            guard rank > best.rank else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
            best = (rank, quality ?? 1)
        }
        return best.quality
    }
}
#endif
