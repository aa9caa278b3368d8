/// How log lines are written.
enum LogFormat: String, CaseIterable, Sendable {
  /// For people: time, level, message, `name=value`.
  case text
  /// A JSON object a line.
  case json
}
