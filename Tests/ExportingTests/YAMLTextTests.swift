import Testing
import Yams

@testable import Exporting

/// What is written as YAML is read as what it was.
@Suite struct YAMLTextTests {
  private static let texts = [
    "plain", "yes", "No", "null", "~", "1.5", "1e5", "0x1f", "", " padded ", "a: b", "a #b", "# a",
    "- a", "'quoted'", "\"", "back\\slash", "two\nlines", "tab\t", "Ett|t*3|L", "[a]", "{a}", "@a",
    "2025-01-01", "12:30", "../path", "é", "*", "&a", "!b", "%c", "true",
  ]

  @Test(arguments: 0..<200)
  func isReadBack(seed: Int) throws {
    var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
    let value = Self.value(&generator, depth: 0)
    let node = try #require(try Yams.compose(yaml: value.yaml))
    #expect(Self.agree(value, node), "seed \(seed):\n\(value.yaml)")
  }

  private static func value(_ generator: inout Generator, depth: Int) -> ConfigValue {
    switch generator.next(below: depth < 4 ? 7 : 5) {
    case 0: .null
    case 1: .boolean(generator.next(below: 2) == 0)
    case 2: .integer(generator.next(below: 2000) - 1000)
    case 3:
      .number(
        Double(generator.next(below: 1000) - 500) * [1e-9, 0.37, 1e30].randomElement(
          using: &generator)!)
    case 4: .text(texts[generator.next(below: texts.count)])
    case 5: .list((0..<generator.next(below: 4)).map { _ in value(&generator, depth: depth + 1) })
    default:
      .table(
        Set((0..<generator.next(below: 4)).map { _ in texts[generator.next(below: texts.count)] })
          .sorted().map { .init(name: $0, value: value(&generator, depth: depth + 1)) })
    }
  }

  private static func agree(_ value: ConfigValue, _ node: Node) -> Bool {
    switch value {
    case .null: node.null != nil
    case .boolean(let truth): node.bool == truth
    case .integer(let integer): node.int == integer
    case .number(let number): node.float == number
    case .text(let text): node.string == text && node.tag.description == "tag:yaml.org,2002:str"
    case .list(let elements):
      node.sequence?.count == elements.count
        && zip(elements, node.sequence!).allSatisfy { agree($0, $1) }
    case .table(let members):
      node.mapping?.count == members.count
        && members.allSatisfy { member in
          let found = node.mapping!.first { $0.key.string == member.name }
          return found.map { agree(member.value, $0.value) } ?? false
        }
    }
  }
}

private struct Generator: RandomNumberGenerator {
  var state: UInt64

  /// xorshift64 (Marsaglia 2003).
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
