// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The value of `Date`, made anew for the first response of a second and never in between.
final class DateField: Sendable {
    private let latest = Mutex((second: Int64.min, text: ""))

    /// The present time as RFC 9110 writes it, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    var value: String {
        let second = Clocks.wall / 1_000_000_000
        return latest.withLock { latest in
            if latest.second != second { latest = (second, Self.text(of: second)) }
            return latest.text
        }
    }

    static func text(of second: Int64) -> String {
        var time = time_t(second)
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
#endif
