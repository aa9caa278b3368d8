/// Writes compact JSON, member by member, to the end of a byte array.
///
/// Whole numbers are written without a fraction: an `Int` always, a `Double` below 2^53 (negative
/// zero as `0`). Other numbers are written with the fewest digits that read back as the same
/// `Double`. Numbers that are not finite have no JSON, and writing one is a mistake of ours.
package struct JSONWriter {
  private var output: JSONOutput
  /// Something stands before what comes next in the same container.
  private var needsComma = false
  private var depth = 0

  package init(reserving capacity: Int = 1024) {
    output = JSONOutput()
    output.bytes.reserveCapacity(capacity)
  }

  /// What was written, which must be complete.
  package consuming func finish() -> [UInt8] {
    precondition(depth == 0 && needsComma, "a JSON text is one whole value")
    return output.bytes
  }

  package mutating func beginObject() { begin(UInt8(ascii: "{")) }
  package mutating func endObject() { end(UInt8(ascii: "}")) }
  package mutating func beginArray() { begin(UInt8(ascii: "[")) }
  package mutating func endArray() { end(UInt8(ascii: "]")) }

  /// The name of a member whose value is written next; it needs no escapes.
  package mutating func name(_ name: StaticString) {
    separate()
    output.appendPlain(name.bytes)
    output.bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func name(_ name: String) {
    separate()
    output.append(quoting: name)
    output.bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func value(_ number: Int) {
    separate()
    output.append(number)
  }

  package mutating func value(_ number: Double) {
    separate()
    output.append(number)
  }

  package mutating func value(_ text: String) {
    separate()
    output.append(quoting: text)
  }

  package mutating func value(_ text: StaticString) {
    separate()
    output.appendPlain(text.bytes)
  }

  package mutating func value(_ truth: Bool) {
    separate()
    output.append(truth ? "true" : "false")
  }

  package mutating func null() {
    separate()
    output.append("null")
  }

  /// A value written elsewhere: the bytes of one whole JSON value.
  package mutating func raw(_ json: [UInt8]) {
    separate()
    output.bytes.append(contentsOf: json)
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    output.bytes.append(bracket)
    depth += 1
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    precondition(depth > 0, "more containers end than begin")
    depth -= 1
    output.bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { output.bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }
}

extension JSONWriter {
  /// An object whose members `content` writes.
  package mutating func object(_ content: (inout JSONWriter) -> Void) {
    beginObject()
    content(&self)
    endObject()
  }

  package mutating func object(_ name: StaticString, _ content: (inout JSONWriter) -> Void) {
    self.name(name)
    object(content)
  }

  /// An array with what `write` makes of each item.
  package mutating func array<Items: Sequence>(
    _ items: Items, _ write: (inout JSONWriter, Items.Element) -> Void
  ) {
    beginArray()
    for item in items { write(&self, item) }
    endArray()
  }

  package mutating func array<Items: Sequence>(
    _ name: StaticString, _ items: Items, _ write: (inout JSONWriter, Items.Element) -> Void
  ) {
    self.name(name)
    array(items, write)
  }

  package mutating func member(_ name: StaticString, _ number: Int) {
    self.name(name)
    value(number)
  }

  package mutating func member(_ name: StaticString, _ number: Double) {
    self.name(name)
    value(number)
  }

  package mutating func member(_ name: StaticString, _ text: String) {
    self.name(name)
    value(text)
  }

  package mutating func member(_ name: StaticString, _ truth: Bool) {
    self.name(name)
    value(truth)
  }

  package mutating func member(_ name: StaticString, _ numbers: [Int]) {
    array(name, numbers) { $0.value($1) }
  }

  package mutating func member(_ name: StaticString, _ numbers: [Double]) {
    array(name, numbers) { $0.value($1) }
  }

  package mutating func member(_ name: StaticString, _ texts: [String]) {
    array(name, texts) { $0.value($1) }
  }

  /// A number as it would be written.
  package static func text(_ number: Double) -> String {
    var output = JSONOutput()
    output.append(number)
    return String(decoding: output.bytes, as: UTF8.self)
  }
}
