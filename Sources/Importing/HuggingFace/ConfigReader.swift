import JSON
import Workload

/// Reads the members of someone else's model configuration, each under whichever of its names is
/// there first. A member that is wrong or missing is noted and read as 1, so that all faults of a
/// configuration are found in one pass; `isSound` says whether there were any.
struct ConfigReader {
  private var members: JSONMemberReader
  /// The configuration around this one, where this is the text part of a larger model.
  private let outer: JSONValue?

  init(_ members: JSONMemberReader, outer: JSONValue? = nil) {
    self.members = members
    self.outer = outer
  }

  var isSound: Bool { members.isSound }

  /// Null counts as absent.
  func has(_ name: StaticString) -> Bool {
    members.object["\(name)"].map { !$0.isNull } ?? false
  }

  func isNull(_ name: StaticString) -> Bool { members.object["\(name)"]?.isNull ?? false }

  /// A positive integer; `absent` where none of the names is there, or a fault without `absent`.
  mutating func size(
    _ names: StaticString..., max: Int = ShapeLimits.width, absent: Int? = nil
  ) -> Int {
    let name = names.first(where: has) ?? names[0]
    let rule: JSONIntegerRule = .positiveInteger(max: max)
    guard let absent else { return members.required(name, rule) ?? 1 }
    return members.optional(name, rule) ?? absent
  }

  mutating func optionalSize(_ names: StaticString..., max: Int = ShapeLimits.width) -> Int? {
    let name = names.first(where: has) ?? names[0]
    return members.optional(name, .positiveInteger(max: max))
  }

  /// An integer of at least 0.
  mutating func count(
    _ names: StaticString..., max: Int = ShapeLimits.width, absent: Int
  ) -> Int {
    let name = names.first(where: has) ?? names[0]
    return members.optional(name, .integer(in: 0...max)) ?? absent
  }

  mutating func flag(_ names: StaticString..., absent: Bool) -> Bool {
    let name = names.first(where: has) ?? names[0]
    return members.optional(name, .boolean) ?? absent
  }

  mutating func text(_ name: StaticString) -> String? { members.optional(name, .string) }

  mutating func choice<Choice: Sendable>(
    _ name: StaticString, _ choices: [(name: String, value: Choice)]
  ) -> Choice? {
    members.optional(name, .oneOf(choices))
  }

  mutating func indices(_ name: StaticString) -> [Int]? {
    members.optional(name, .list(of: .integer, counts: 0...ShapeLimits.layers))
  }

  mutating func words(_ name: StaticString) -> [String]? {
    members.optional(name, .list(of: .string, counts: 0...ShapeLimits.layers))
  }

  /// An object within, whose members are read like the others.
  mutating func part(_ name: StaticString) -> ConfigReader? {
    let rule: JSONObjectRule<ConfigReader> = .openObject { part in
      let reader = ConfigReader(part)
      return reader
    }
    return members.optional(name, rule)
  }

  /// Notes that a member does not go with others.
  mutating func note(_ name: StaticString, _ detail: @autoclosure () -> String) {
    members.note(name, detail())
  }

  /// The larger model's word counts where the text part says nothing.
  mutating func tiesEmbeddings(absent: Bool) -> Bool {
    let outside = outer?["tie_word_embeddings"]?.boolean
    return flag("tie_word_embeddings", absent: outside ?? absent)
  }

  mutating func name(absent: String) -> String {
    for key in ["_name_or_path", "name_or_path"] {
      if let name = (members.object[key] ?? outer?[key])?.string, !name.isEmpty { return name }
    }
    return absent
  }
}
