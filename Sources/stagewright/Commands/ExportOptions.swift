import ArgumentParser
import JSON
import PlanAPI

/// Plans as launchers take them, instead of the answer.
struct ExportOptions: ParsableArguments {
  @Option(
    name: .customLong("export"),
    help: ArgumentHelp(
      "Print the plan as a launcher takes it: megatron, megatron-bridge, torchtitan[@VERSION], "
        + "deepspeed, nanotron, accelerate, galvatron, kubeflow[@VERSION], slurm, torchrun. "
        + "Repeatable.",
      valueName: "launcher"))
  var targets: [String] = []
  @Option(
    name: .customLong("export-to"),
    help: ArgumentHelp("Write the files of --export there.", valueName: "directory"))
  var directory: String?

  func validate() throws {
    if directory != nil, targets.isEmpty {
      throw ValidationError("--export-to needs a launcher, given with --export")
    }
  }

  /// A request's body with the wish added; as it is, if it is no object for the route to complain of.
  func asking(_ body: [UInt8]) -> [UInt8] {
    guard !targets.isEmpty, let root = try? JSONDocument(parsing: body).root, root.kind == .object
    else { return body }
    var writer = JSONWriter(reserving: body.count + 256)
    writer.object { w in
      for (name, value) in root.members where name != "export" {
        w.name(name)
        w.raw(value.canonicalBytes)
      }
      w.member("export", targets)
    }
    return writer.finish()
  }

  /// Prints or writes the files of an answer; false if a launcher refuses the plan.
  func deliver(_ answer: [UInt8]) throws(CommandFailure) -> Bool {
    guard let exports = try? JSONDocument(parsing: answer).root["exports"] else {
      // No plan, no export: the answer says why.
      Terminal.print(answer)
      return true
    }
    var isComplete = true
    let count = exports.elements.reduce(0) { $0 + ($1["files"]?.count ?? 0) }
    for export in exports.elements {
      let target = export["target"]?.string ?? ""
      if let error = export["error"] {
        isComplete = false
        Terminal.complain("stagewright: \(target): \(error["detail"]?.string ?? "")\n")
        complain(error["reasons"])
      }
      if let warnings = export["warnings"], warnings.count > 0 {
        Terminal.complain("stagewright: \(target): what the plan loses or leaves to you:\n")
        complain(warnings)
      }
      for file in export["files"]?.elements.map({ $0 }) ?? [] {
        let (name, text) = (file["name"]?.string ?? "", file["text"]?.string ?? "")
        if let directory {
          try Terminal.write(text, to: directory + "/" + name)
        } else {
          // Told apart by a line that is a comment in all but JSON.
          Terminal.print(count > 1 ? "# \(name)\n\(text)" : text)
        }
      }
    }
    return isComplete
  }

  private func complain(_ notes: JSONValue?) {
    for note in notes?.elements.map({ $0 }) ?? [] {
      Terminal.complain("  \(note["field"]?.string ?? ""): \(note["detail"]?.string ?? "")\n")
    }
  }
}
