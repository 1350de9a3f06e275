// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object that are no objects and no lists themselves, those of inner objects among them.
struct TraceRecord {
    /// A member.
    struct Cell {
        var name = ""
        /// Its name behind those of the objects around it, such as `memory.memfree`.
        var path = ""
        var text: [UInt8]
        var column: Int

        /// Whether it is what a profile calls so: its name behind some of those of the objects around it.
        func lies(at key: String) -> Bool { path == key || path.hasSuffix("." + key) }
    }

    /// One of the two lists that together are a series, as CloudWatch answers.
    enum Half: String {
        case timestamps, values

        var name: String { rawValue }
    }

    /// The most pairs of such a series: one answer has half as many at most.
    static let pairLimit = 200_000

    let line: Int
    /// Where the object is one of a list: the path of that.
    let list: String
    private(set) var cells: [Cell] = []
    private(set) var times: [Cell] = []
    private(set) var values: [Cell] = []
    /// Whether it has pairs, and is no row itself.
    var hasPoints = false
    /// The time of the object that its list is in.
    var outerTime: Cell?
    private var known: Set<String> = []

    init(line: Int, list: String = "") {
        self.line = line
        self.list = list
    }

    /// Adds a member; what stands further out, or first, has the name, unless the profile asks for its path.
    mutating func add(_ cell: Cell, _ request: TraceRequest) {
        var cell = cell
        if known.contains(cell.name) {
            guard let key = Self.keys(request).first(where: cell.lies), !known.contains(key) else { return }
            cell.name = key
        }
        known.insert(cell.name)
        cells.append(cell)
    }

    /// Adds to one of the two lists of a series, and one more than there may be.
    mutating func add(_ cell: Cell, to half: Half) {
        switch half {
        case .timestamps: if times.count <= Self.pairLimit { times.append(cell) }
        case .values: if values.count <= Self.pairLimit { values.append(cell) }
        }
    }

    /// Takes the two lists of a series out.
    mutating func removePairs() -> (times: [Cell], values: [Cell]) {
        defer { (times, values) = ([], []) }
        return (times, values)
    }

    /// The names, each as the profile asks for it: by itself, or behind names of what is around it.
    func names(_ request: TraceRequest) -> [String] {
        var names = cells.map(\.name)
        for key in Self.keys(request) where !known.contains(key) && key.utf8.contains(UInt8(ascii: ".")) {
            if let index = cells.firstIndex(where: { $0.lies(at: key) }) { names[index] = key }
        }
        return names
    }

    /// What the profile calls columns.
    private static func keys(_ request: TraceRequest) -> [String] {
        [request.column, request.timeColumn].compactMap { $0?.text } + request.selections.map(\.column.text)
    }

    /// The time: the member that the profile names, `date` and `time` together, or one that has such a name.
    func time(_ request: TraceRequest) -> Cell? {
        if let key = request.timeColumn {
            let named = cells.first { $0.name == key.text }
            guard var cell = named ?? cells.first(where: { $0.lies(at: key.text) }) else { return nil }
            cell.name = key.text
            return cell
        }
        if var date = cells.first(where: { $0.name == "date" }), let time = cells.first(where: { $0.name == "time" }) {
            date.name = "timestamp"
            date.text += [.space] + time.text
            return date
        }
        return cells.first { TraceTime.isName($0.name) }
    }
}
