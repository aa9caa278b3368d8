/// A configuration file's content, with its members in the order in which a reader expects them.
indirect enum ConfigValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([ConfigValue])
  case table([Member])

  struct Member: Hashable, Sendable {
    var name: String
    var value: ConfigValue
  }
}

extension ConfigValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  init(booleanLiteral value: Bool) { self = .boolean(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(floatLiteral value: Double) { self = .number(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: ConfigValue...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, ConfigValue)...) {
    self = .table(elements.map { Member(name: $0, value: $1) })
  }
}

extension ConfigValue {
  static func texts(_ texts: some Sequence<String>) -> ConfigValue {
    .list(texts.map(ConfigValue.text))
  }

  /// Sets a member of a table, in place or at its end; nil leaves it out.
  subscript(_ name: String) -> ConfigValue? {
    get {
      guard case .table(let members) = self else { return nil }
      return members.first { $0.name == name }?.value
    }
    set {
      guard case .table(var members) = self else {
        preconditionFailure("only tables have members")
      }
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
      self = .table(members)
    }
  }
}
