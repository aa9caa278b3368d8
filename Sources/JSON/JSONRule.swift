/// How one value is read: what is expected of it, and what it then stands for.
///
/// A rule that is not met notes every fault it finds and answers `nil`; one that is met notes none.
package protocol JSONRule<Value>: Sendable {
  associatedtype Value
  /// What the rule accepts, as it stands after "expected": "an integer from 1 to 8".
  var expectation: String { get }
  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Value?
}

extension JSONRule {
  /// Notes that the value is not what the rule expects.
  package func refuse(_ value: JSONValue, _ log: JSONFaultLog) -> Value? {
    log.note(value, JSONFaultSentence.expected(expectation, found: value))
    return nil
  }
}

extension JSONValue {
  /// Reads the value by a rule: what it stands for, or all that is wrong with it.
  package func read<Rule: JSONRule>(as rule: Rule) -> Result<Rule.Value, JSONFaults> {
    let log = JSONFaultLog(for: document)
    let value = rule.read(self, log)
    if let faults = log.faults { return .failure(faults) }
    guard let value else { preconditionFailure("a rule refused a value and did not say why") }
    return .success(value)
  }
}
