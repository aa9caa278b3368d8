/// Megatron-LM's arguments and Megatron Bridge's overrides.
///
/// Options and their values were held against Megatron-LM's argument parser, the checks against
/// `megatron/training/arguments.py` and `TransformerConfig` (Megatron Core 0.16), the overrides
/// against the `ConfigContainer` of Megatron Bridge 0.3.
extension PlannedJob {
  func megatronExport(_ notes: inout ExportNotes) -> Export? {
    guard let run = megatronRun(&notes) else { return nil }
    let shape = model.flatMap { megatronModel($0, &notes) } ?? []
    let groups = [shape, run.parallelism, run.batch, run.memory, run.precision]
    let lines = groups.flatMap { $0 }.map(\.arguments).filter { !$0.isEmpty }
    let text = lines.map { line in
      line.map(ShellWord.quoted).joined(separator: " ")
    }.joined(separator: "\n")
    return Export(
      .megatron, files: [ExportedFile("megatron-args.txt", "text/plain", text + "\n")],
      arguments: lines.flatMap { $0 }, environment: run.environment)
  }

  func megatronBridgeExport(_ notes: inout ExportNotes) -> Export? {
    guard let run = megatronRun(&notes) else { return nil }
    let settings = (run.parallelism + run.batch + run.memory + run.precision).compactMap {
      setting in setting.path.map { (path: $0, value: setting.value) }
    }
    var document = ConfigValue.table([])
    for (path, value) in settings {
      guard let dot = path.firstIndex(of: ".") else {
        document[path] = value
        continue
      }
      let section = String(path[..<dot])
      var members = document[section] ?? .table([])
      members[String(path[path.index(after: dot)...])] = value
      document[section] = members
    }
    notes.warn(
      Field.model, "the recipe that is overridden must be the model's: shapes are not among these")
    if job.precision == .fp32 {
      notes.warn(Field.precision, "Bridge has no name for fp32: clear the recipe's mixed_precision")
    }
    return Export(
      .megatronBridge,
      files: [ExportedFile("bridge-overrides.yaml", "application/yaml", document.yaml)],
      arguments: settings.map { "\($0.path)=\(Self.override($0.value))" },
      environment: run.environment)
  }

  /// A value in the grammar of Hydra's overrides.
  private static func override(_ value: ConfigValue) -> String {
    switch value {
    case .text(let text) where !text.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }):
      "'\(text)'"
    case .text(let text): text
    case .list(let elements): "[\(elements.map(override).joined(separator: ","))]"
    case .null, .boolean, .integer, .number: value.scalar
    case .table: preconditionFailure("overrides are scalars and lists")
    }
  }
}

/// A word of a shell's command line.
enum ShellWord {
  /// In single quotes, where the shell would not take it as it is.
  static func quoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
      switch $0 {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "/", ":", "=", ",", "+", "@", "%": true
      default: false
      }
    }
    if isPlain, !word.isEmpty { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}
