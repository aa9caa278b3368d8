/// A whole number within bounds.
package struct JSONIntegerRule: JSONRule {
  package let range: ClosedRange<Int>

  package var expectation: String {
    range.upperBound == .max
      ? "an integer of at least \(range.lowerBound)"
      : "an integer from \(range.lowerBound) to \(range.upperBound)"
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> Int? {
    guard let integer = value.integer, range.contains(integer) else { return refuse(value, log) }
    return integer
  }
}

/// A number within bounds; the lower one may be excluded.
package struct JSONNumberRule: JSONRule {
  package let range: ClosedRange<Double>
  package let excludesLowerBound: Bool

  package var expectation: String {
    let (low, high) = (JSONWriter.text(range.lowerBound), JSONWriter.text(range.upperBound))
    switch (excludesLowerBound, range.upperBound == .greatestFiniteMagnitude) {
    case (true, true): return "a number above \(low)"
    case (true, false): return "a number above \(low), up to \(high)"
    case (false, true):
      return range.lowerBound == -.greatestFiniteMagnitude
        ? "a number" : "a number of at least \(low)"
    case (false, false): return "a number from \(low) to \(high)"
    }
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> Double? {
    guard let number = value.double, range.contains(number),
      !(excludesLowerBound && number == range.lowerBound)
    else { return refuse(value, log) }
    return number
  }
}

package struct JSONBooleanRule: JSONRule {
  package var expectation: String { "true or false" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> Bool? {
    value.boolean ?? refuse(value, log)
  }
}

/// A string of some number of bytes in UTF-8.
package struct JSONStringRule: JSONRule {
  package let lengths: ClosedRange<Int>

  package var expectation: String {
    switch (lengths.lowerBound, lengths.upperBound) {
    case (0, .max): "a string"
    case (1, .max): "a string that is not empty"
    case (let low, let high): "a string of \(low) to \(high) bytes"
    }
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> String? {
    guard value.isString, lengths.contains(value.entry.textLength) else {
      return refuse(value, log)
    }
    return value.string
  }
}

/// A string out of a list of names, each standing for something.
package struct JSONChoiceRule<Choice: Sendable>: JSONRule {
  package let choices: [(name: String, value: Choice)]

  package var expectation: String { JSONFaultSentence.choice(of: choices.map(\.name)) }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> Choice? {
    for choice in choices where value.isString(choice.name) { return choice.value }
    log.note(value, JSONFaultSentence.unknownChoice(value, known: choices.map(\.name)))
    return nil
  }
}

/// Any value, as it is: for what another reader takes up.
package struct JSONAnyRule: JSONRule {
  package var expectation: String { "a value" }
  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> JSONValue? { value }
}

extension JSONRule where Self == JSONIntegerRule {
  package static func integer(in range: ClosedRange<Int>) -> Self { Self(range: range) }
  package static func positiveInteger(max: Int) -> Self { Self(range: 1...max) }
  package static var integer: Self { Self(range: Int.min...Int.max) }
}

extension JSONRule where Self == JSONNumberRule {
  package static var number: Self {
    number(in: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
  }
  package static func number(in range: ClosedRange<Double>) -> Self {
    Self(range: range, excludesLowerBound: false)
  }
  package static func positiveNumber(max: Double = .greatestFiniteMagnitude) -> Self {
    Self(range: 0...max, excludesLowerBound: true)
  }
  package static func nonNegativeNumber(max: Double = .greatestFiniteMagnitude) -> Self {
    number(in: 0...max)
  }
}

extension JSONRule where Self == JSONBooleanRule {
  package static var boolean: Self { Self() }
}

extension JSONRule where Self == JSONStringRule {
  package static var string: Self { Self(lengths: 0...Int.max) }
  package static var nonEmptyString: Self { Self(lengths: 1...Int.max) }
  package static func string(lengths: ClosedRange<Int>) -> Self { Self(lengths: lengths) }
}

extension JSONRule where Self == JSONAnyRule {
  package static var any: Self { Self() }
}

extension JSONRule {
  /// The case of an enumeration by its raw value.
  package static func oneOf<Choice>(_: Choice.Type) -> Self
  where
    Self == JSONChoiceRule<Choice>, Choice: CaseIterable & RawRepresentable,
    Choice.RawValue == String
  {
    Self(choices: Choice.allCases.map { ($0.rawValue, $0) })
  }

  package static func oneOf<Choice>(_ choices: [(name: String, value: Choice)]) -> Self
  where Self == JSONChoiceRule<Choice> {
    Self(choices: choices)
  }
}
