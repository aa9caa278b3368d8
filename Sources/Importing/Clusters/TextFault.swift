/// What is wrong with a text in someone else's format, and on which of its lines.
package struct TextFault: Error, Hashable, Sendable {
  /// Counted from 1; absent for a fault of the whole text.
  package var line: Int?
  package var detail: String

  package init(line: Int? = nil, _ detail: String) {
    self.line = line
    self.detail = detail
  }

  /// How it stands after a pointer.
  package var sentence: String { line.map { "line \($0): \(detail)" } ?? detail }
}

/// Lines of a text with their numbers, counted from 1, blanks around them taken off.
struct NumberedLines: Sequence {
  let text: String

  func makeIterator() -> AnyIterator<(number: Int, text: Substring)> {
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.makeIterator()
    var number = 0
    return AnyIterator {
      guard let line = lines.next() else { return nil }
      number += 1
      return (number, line.trimmed)
    }
  }
}

extension Substring {
  var trimmed: Substring {
    var rest = self
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return rest
  }

  var words: [Substring] { split { $0.isWhitespace } }
}
