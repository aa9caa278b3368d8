import Exporting
import JSON

/// Reads one of `export`: a launcher's name, with `@` and a version if the newest form is not meant,
/// or an object with `target` and `target_version`.
struct ExportTargetRule: JSONRule {
  var expectation: String { "a launcher's name, or an object with target and target_version" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> ExportTarget? {
    switch value.kind {
    case .string: readName(value, log)
    case .object: Self.members.read(value, log)
    case .null, .boolean, .number, .array: refuse(value, log)
    }
  }

  private func readName(_ value: JSONValue, _ log: JSONFaultLog) -> ExportTarget? {
    guard let text = value.string else { return refuse(value, log) }
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let target = ExportTarget(named: String(parts[0])) else {
      log.note(value, Sentence.unknownTarget(String(parts[0])))
      return nil
    }
    guard parts.count == 2 else { return target }
    guard let versioned = target.at(version: String(parts[1])) else {
      log.note(value, Sentence.unknownVersion(String(parts[1]), of: target))
      return nil
    }
    return versioned
  }

  private static let members: JSONObjectRule<ExportTarget> = .object { members in
    let target = members.required("target", ExportNameRule())
    let version = members.optional("target_version", .nonEmptyString)
    guard let target else { return nil }
    guard let version else { return members.isSound ? target : nil }
    guard let versioned = target.at(version: version) else {
      members.note("target_version", Sentence.unknownVersion(version, of: target))
      return nil
    }
    return versioned
  }
}

/// A launcher's name alone.
private struct ExportNameRule: JSONRule {
  var expectation: String { "a launcher's name" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> ExportTarget? {
    guard let name = value.string else { return refuse(value, log) }
    guard let target = ExportTarget(named: name) else {
      log.note(value, Sentence.unknownTarget(name))
      return nil
    }
    return target
  }
}
