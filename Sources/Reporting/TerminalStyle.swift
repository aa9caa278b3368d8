/// Whether a report may use a terminal's emphasis. It then says nothing that the words do not.
package enum TerminalStyle: Sendable {
  case plain
  /// ANSI escape sequences (ECMA-48).
  case ansi

  func strong(_ text: String) -> String { wrapped(text, "1") }
  func faint(_ text: String) -> String { wrapped(text, "2") }
  func good(_ text: String) -> String { wrapped(text, "32") }
  func bad(_ text: String) -> String { wrapped(text, "1;31") }

  private func wrapped(_ text: String, _ code: String) -> String {
    self == .plain ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
