import JSON
import Testing

/// Reads a text by a rule; the faults as `pointer: detail`.
func faults<Rule: JSONRule>(_ text: String, as rule: Rule) throws -> [String] {
  switch try JSONDocument(parsing: text).root.read(as: rule) {
  case .success: []
  case .failure(let faults): faults.list.map { "\($0.pointer): \($0.detail)" }
  }
}

func value<Rule: JSONRule>(_ text: String, as rule: Rule) throws -> Rule.Value {
  try JSONDocument(parsing: text).root.read(as: rule).get()
}

/// Only where faults are.
func pointers<Rule: JSONRule>(_ text: String, as rule: Rule) throws -> [String] {
  switch try JSONDocument(parsing: text).root.read(as: rule) {
  case .success: []
  case .failure(let faults): faults.list.map(\.pointer)
  }
}
