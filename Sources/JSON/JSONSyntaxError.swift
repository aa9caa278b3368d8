/// Why a text is not JSON, and where.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, as a sentence without the position.
  package let message: String
  /// Bytes before the place of the fault.
  package let offset: Int
  /// Counted from 1; lines end at line feeds.
  package let line: Int
  /// Counted from 1 in Unicode scalars; in a line that is not UTF-8, in bytes that could start one.
  package let column: Int

  /// Complexity: O(`offset`).
  init(_ message: String, at offset: Int, in text: UnsafeBufferPointer<UInt8>) {
    self.message = message
    self.offset = offset
    var line = 1
    var column = 1
    for byte in text.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0b1100_0000 != 0b1000_0000 {
        column += 1
      }
    }
    self.line = line
    self.column = column
  }

  package var description: String { "line \(line), column \(column): \(message)" }
}
