import JSON
import Testing
import Workload

/// What is wrong with a text by a rule, as `pointer: detail`; nothing if it is read.
func faults<Rule: JSONRule>(_ text: String, as rule: Rule) throws -> [String] {
  switch try JSONDocument(parsing: text).root.read(as: rule) {
  case .success: []
  case .failure(let faults): faults.list.map { "\($0.pointer): \($0.detail)" }
  }
}

func value<Rule: JSONRule>(_ text: String, as rule: Rule) throws -> Rule.Value {
  try JSONDocument(parsing: text).root.read(as: rule).get()
}

extension TransformerModel {
  /// The windows of all blocks; `nil` where a block attends to everything or does not attend.
  var windows: [Int?] {
    runs.flatMap { run in
      var window: Int?
      if case .attention(let mixer) = run.block.mixer { window = mixer.window }
      return Array(repeating: window, count: run.count)
    }
  }

  var hasExperts: [Bool] {
    runs.flatMap { run in
      var isSparse = false
      if case .experts = run.block.feedForward { isSparse = true }
      return Array(repeating: isSparse, count: run.count)
    }
  }
}
