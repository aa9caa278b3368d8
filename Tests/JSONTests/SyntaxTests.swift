import JSON
import Testing

@Suite struct SyntaxTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "\"\"", "[]", "{}", " \t\r\n[ ]\n", "[1,2]", "[[],{}]",
    "{\"a\":1,\"b\":{\"a\":2}}", "1e5", "1E+5", "-1.5e-3", "0.0", "0e0", "\"\\ud83d\\ude00\"",
    "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"", "1e-400",
  ])
  func accepts(text: String) throws {
    _ = try JSONDocument(parsing: text)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int
    let column: Int
    let message: String

    init(_ text: String, _ line: Int, _ column: Int, _ message: String) {
      (self.text, self.line, self.column, self.message) = (text, line, column, message)
    }
    var testDescription: String { text }
  }

  @Test(arguments: [
    Refusal("", 1, 1, "empty"),
    Refusal(" \n ", 2, 2, "empty"),
    Refusal("{\"a\": 1", 1, 8, "the end of the text"),
    Refusal("{\"a\": 1,\n \"b\" 2}", 2, 6, "expected a colon after the member's name, found 2"),
    Refusal("{\"a\": \"\u{4E2D}\u{1F600}\", b: 1}", 1, 13, "double quotes, found b"),
    Refusal("[1 2]", 1, 4, "expected a comma or the end of the array, found 2"),
    Refusal("[1,]", 1, 4, "comma too many"),
    Refusal("{\"a\":1,}", 1, 8, "comma too many"),
    Refusal("{\"a\":}", 1, 6, "expected a value"),
    Refusal("{1:2}", 1, 2, "double quotes"),
    Refusal("[1] x", 1, 5, "expected nothing more after the value, found x"),
    Refusal("{}{}", 1, 3, "nothing more"),
    Refusal("NaN", 1, 1, "NaN (JSON has finite numbers only)"),
    Refusal("[Infinity]", 1, 2, "finite"),
    Refusal("-Infinity", 1, 2, "expected a digit, found Infinity"),
    Refusal("True", 1, 1, "found True"),
    Refusal("nul", 1, 1, "found nul"),
    Refusal("tru", 1, 1, "expected a value"),
    Refusal("'a'", 1, 1, "expected a value"),
    Refusal("// no\n1", 1, 1, "expected a value"),
    Refusal("01", 1, 1, "0 and a digit"),
    Refusal("-", 1, 2, "expected a digit"),
    Refusal("+1", 1, 1, "expected a value"),
    Refusal(".5", 1, 1, "expected a value"),
    Refusal("5.", 1, 3, "expected a digit"),
    Refusal("5.e1", 1, 3, "expected a digit"),
    Refusal("1e", 1, 3, "expected a digit"),
    Refusal("1e+", 1, 4, "expected a digit"),
    Refusal("0x10", 1, 2, "nothing more"),
    Refusal("[1e400]", 1, 2, "too large"),
    Refusal("[-1e309]", 1, 2, "too large"),
    Refusal("1.8e308", 1, 1, "too large"),
    Refusal("1e99999999999999999999999", 1, 1, "too large"),
    Refusal("\"abc", 1, 5, "ends within a string"),
    Refusal("\"abc\\", 1, 6, "ends within a string"),
    Refusal("\"\\u12", 1, 6, "ends within a string"),
    Refusal("\"\\x\"", 1, 2, "no such escape"),
    Refusal("\"\\u12G4\"", 1, 2, "four hexadecimal digits"),
    Refusal("\"\\ud800\"", 1, 2, "surrogate"),
    Refusal("\"\\ud800\\u0041\"", 1, 2, "surrogate"),
    Refusal("\"\\udc00\"", 1, 2, "surrogate"),
    Refusal("\"a\tb\"", 1, 3, "control characters in strings must be escaped, found the byte 0x09"),
    Refusal("\"a\nb\"", 1, 3, "control characters"),
    Refusal("\u{FEFF}1", 1, 1, "byte order mark"),
    Refusal("[1,\u{0}]", 1, 4, "0x00"),
    Refusal("{\"a\":1,\"b\":2,\n\"a\":3}", 2, 1, "two members named \"a\""),
    Refusal("{\"a\":1,\"\\u0061\":3}", 1, 17, "two members named \"a\""),
    Refusal("{\"\":1,\"\":3}", 1, 7, "two members named \"\""),
  ])
  func refuses(refusal: Refusal) throws {
    let error = try #require(throws: JSONSyntaxError.self) {
      _ = try JSONDocument(parsing: refusal.text)
    }
    #expect(error.message.contains(refusal.message), "\(error)")
    #expect(error.line == refusal.line && error.column == refusal.column, "\(error)")
    let before = Array(refusal.text.utf8.prefix(error.offset))
    #expect(error.line == 1 + before.count { $0 == 0x0A })
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82],
      [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(bytes: [UInt8]) {
    for padding in 0..<9 {
      let plain = [UInt8](repeating: 0x61, count: padding)
      let text = [0x22] + plain + bytes + plain + [0x22]
      let error = #expect(throws: JSONSyntaxError.self) { _ = try JSONDocument(parsing: text) }
      #expect(error?.message.contains("not UTF-8") == true)
      #expect(error?.offset == 1 + padding)
    }
    #expect(throws: JSONSyntaxError.self) { _ = try JSONDocument(parsing: bytes) }
  }

  @Test func bindsNesting() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONDocument(parsing: nested(128))
    let error = try #require(throws: JSONSyntaxError.self) {
      _ = try JSONDocument(parsing: nested(200))
    }
    #expect(error.message == "nested deeper than 128 levels")
    #expect(error.offset == 128)
    let objects = String(repeating: "{\"a\":", count: 200_000)
    #expect(throws: JSONSyntaxError.self) { _ = try JSONDocument(parsing: objects) }
    #expect(throws: JSONSyntaxError.self) {
      _ = try JSONDocument(parsing: Array("[[]]".utf8), depthLimit: 1)
    }
  }

  @Test func everyPrefixOfATextIsRefused() throws {
    let text = Array("{\"a\": [1.5e3, \"x\\u00e9\\n\u{4E2D}\", true], \"b\": {\"c\": null}}".utf8)
    _ = try JSONDocument(parsing: text)
    for length in 0..<text.count {
      #expect(throws: JSONSyntaxError.self) {
        _ = try JSONDocument(parsing: Array(text.prefix(length)))
      }
    }
  }

  @Test(arguments: [2, 16, 17, 40, 5000])
  func findsDuplicatesAmongManyMembers(count: Int) throws {
    func text(_ names: [String]) -> String {
      "{" + names.map { "\"\($0)\":[{}]" }.joined(separator: ",") + "}"
    }
    let names = (0..<count).map { "name-\($0)-of-many" }
    _ = try JSONDocument(parsing: text(names))
    for (original, copy) in [(0, count - 1), (count / 2, count / 2 + 1), (count - 2, 1)]
    where original != copy && copy < count {
      var twice = names
      twice[copy] = twice[original]
      let text = text(twice)
      let error = try #require(throws: JSONSyntaxError.self) {
        _ = try JSONDocument(parsing: text)
      }
      #expect(error.message == "the object has two members named \"\(twice[copy])\"")
      let later = Array(text.utf8).dropFirst(error.offset)
      #expect(later.starts(with: "\"\(twice[copy])\"".utf8))
    }
  }
}
