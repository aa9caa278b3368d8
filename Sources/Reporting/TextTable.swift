/// Rows of text in aligned columns: words to the left, numbers to the right.
///
/// ```
/// stage  layers  parameters
/// -----  ------  ----------
///     0  0–24         818 M
/// ```
package struct TextTable {
  package enum Alignment: Sendable { case left, right }

  package struct Column {
    package var title: String
    package var alignment: Alignment

    package static func words(_ title: String) -> Column {
      Column(title: title, alignment: .left)
    }
    package static func numbers(_ title: String) -> Column {
      Column(title: title, alignment: .right)
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// - Precondition: one cell a column.
  package mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count, "one cell a column")
    rows.append(cells)
  }

  package var isEmpty: Bool { rows.isEmpty }

  /// Lines without trailing blanks, each indented. Complexity: O(cells).
  package func lines(indent: Int = 0) -> [String] {
    let widths = columns.indices.map { column in
      rows.reduce(columns[column].title.count) { max($0, $1[column].count) }
    }
    let rule = columns.indices.map { column in
      columns[column].title.isEmpty ? "" : String(repeating: "-", count: widths[column])
    }
    return ([columns.map(\.title), rule] + rows).map { cells in
      var line = String(repeating: " ", count: indent)
      for (index, cell) in cells.enumerated() {
        if index > 0 { line += "  " }
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        line += columns[index].alignment == .left ? cell + padding : padding + cell
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
