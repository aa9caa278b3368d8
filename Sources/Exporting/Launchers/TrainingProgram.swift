/// What a job runner starts on every node, and what it needs to know.
struct TrainingProgram: Sendable {
  var layout: RankLayout
  var script: String
  var arguments: [String]
  var environment: [EnvironmentVariable]
}

extension PlannedJob {
  /// Megatron-LM's program where it takes the plan; else one that is the reader's to name.
  func trainingProgram(_ notes: inout ExportNotes) -> TrainingProgram? {
    guard let layout = rankLayout(&notes) else { return nil }
    do {
      let megatron = try export(to: .megatron)
      for warning in megatron.warnings { notes.warn(warning.field, warning.detail) }
      return TrainingProgram(
        layout: layout, script: "pretrain_gpt.py", arguments: megatron.arguments,
        environment: megatron.environment)
    } catch {
      for reason in error.reasons {
        notes.warn(
          reason.field,
          "\(reason.detail): so Megatron-LM's arguments are left out; train.py stands for your own "
            + "program")
      }
      return TrainingProgram(layout: layout, script: "train.py", arguments: [], environment: [])
    }
  }
}
