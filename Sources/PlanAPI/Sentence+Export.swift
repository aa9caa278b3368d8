import Exporting
import JSON

/// What can be wrong with a wish for exports.
extension Sentence {
  static func unknownTarget(_ name: String) -> String {
    let near = NearestNames.to(name, among: ExportTarget.names)
    let unknown = "no launcher is known as \"\(excerpt(name))\""
    return near.isEmpty
      ? "\(unknown); known: \(quoted(ExportTarget.names))"
      : "\(unknown); did you mean \(near.map { "\"\($0)\"" }.joined(separator: " or "))? "
        + "Known: \(quoted(ExportTarget.names))"
  }

  static func unknownVersion(_ version: String, of target: ExportTarget) -> String {
    target.versions.isEmpty
      ? "\(target.name) has one form and no versions, found \"\(excerpt(version))\""
      : "\(target.name) has no form for \"\(excerpt(version))\"; known: \(quoted(target.versions))"
  }

  static func notExported(_ refusal: ExportRefusal) -> String {
    "\(refusal.target.title) would refuse this plan: see reasons."
  }

  private static func quoted(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ", ")
  }
}
