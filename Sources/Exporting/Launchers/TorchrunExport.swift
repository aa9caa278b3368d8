/// One line a node; the ranks it gives are the plan's.
extension PlannedJob {
  func torchrunExport(_ notes: inout ExportNotes) -> Export? {
    guard let program = trainingProgram(&notes) else { return nil }
    let layout = program.layout
    var words = ["torchrun"]
    if layout.nodes == 1 {
      words += ["--standalone", "--nproc-per-node=\(layout.processesPerNode)"]
    } else {
      words += [
        "--nnodes=\(layout.nodes)", "--node-rank=\"$NODE_RANK\"",
        "--nproc-per-node=\(layout.processesPerNode)", "--master-addr=\"$MASTER_ADDR\"",
        "--master-port=\"${MASTER_PORT:-29500}\"",
      ]
      let order = layout.nodeNames.isEmpty ? "" : ": \(layout.nodeNames.brief)"
      notes.warn(
        Field.stages,
        "devices: NODE_RANK numbers the nodes from 0 in the plan's order\(order); MASTER_ADDR is the "
          + "first of them")
    }
    let variables = program.environment.map { "\($0.name)=\(ShellWord.quoted($0.value))" }
    let line = (variables + words + [program.script]).joined(separator: " ")
    let arguments = ShellWord.lines(program.arguments)
    return Export(
      .torchrun,
      files: [
        ExportedFile(
          "torchrun.sh", "text/x-shellscript",
          "#!/bin/sh\n" + ([line] + arguments).joined(separator: " \\\n  ") + "\n")
      ], arguments: program.arguments, environment: program.environment)
  }
}

extension [String] {
  /// The first few.
  fileprivate var brief: String {
    count <= 4 ? joined(separator: ", ") : prefix(3).joined(separator: ", ") + ", …"
  }
}

extension ShellWord {
  /// Arguments as lines of a command, each option with its values.
  static func lines(_ arguments: [String]) -> [String] {
    var lines: [String] = []
    for argument in arguments {
      if argument.hasPrefix("--") || lines.isEmpty {
        lines.append(quoted(argument))
      } else {
        lines[lines.count - 1] += " " + quoted(argument)
      }
    }
    return lines
  }
}
