import Testing
import Yams

@testable import Importing

/// The readable part of YAML, held against a whole reader.
@Suite struct BlockTextTests {
  @Test(arguments: [
    "a: 1", "a:\n  b: c\n  d:\n    - e\n    - f: g\n      h: i\n", "- - a\n  - b\n- c\n",
    "a:\n- b\n- c\nd: e\n", "a: [b, {c: d, e: [f]}, \"g, h\"] # i\n", "# a\n---\n- b: 'c # d'\n",
    "a:\nb: \"c: d\"\n", "- a: b\n\n  c: d # e\n-\n  f: g\n", "\"a b\": c#d\n", "- {}\n- []\n",
    "name: it's\n", "a: b:c\n",
  ])
  func readsAsAWholeReaderDoes(text: String) throws {
    let expected = try #require(try Yams.compose(yaml: text))
    #expect(Self.outline(try BlockText.parse(text)) == Self.outline(expected))
  }

  @Test(arguments: [
    "", "a: &b c", "a: |\n  b", "- a\n  b: c", "a: b\n  c: d", "a: 1\na: 2", "a: [b", "a: {b}",
    "a: \"b", "a: 'b''c'", "- a\nb: c", "a: b: c", "a: [b] c", "a: !!str b",
  ])
  func refusesTheRest(text: String) {
    #expect(throws: TextFault.self) { try BlockText.parse(text) }
  }

  @Test func survivesDeepNesting() {
    let blocks = (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(throws: TextFault.self) { try BlockText.parse(blocks) }
    #expect(throws: TextFault.self) { try BlockText.parse(String(repeating: "- ", count: 5000)) }
  }

  private static func outline(_ text: BlockText) -> String {
    switch text.content {
    case .scalar(let text): "<\(text)>"
    case .list(let elements): "[\(elements.map(outline).joined(separator: ","))]"
    case .table(let members):
      "{\(members.map { "\($0.name)=\(outline($0.value))" }.joined(separator: ","))}"
    }
  }

  private static func outline(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): "<\(scalar.string)>"
    case .sequence(let elements): "[\(elements.map(outline).joined(separator: ","))]"
    case .mapping(let members):
      "{\(members.map { "\($0.key.string ?? "")=\(outline($0.value))" }.joined(separator: ","))}"
    case .alias: "*"
    }
  }
}
