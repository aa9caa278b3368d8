import Hardware
import Planning

/// A plan in the form that one launcher takes.
package struct Export: Hashable, Sendable {
  package var target: ExportTarget
  package var files: [ExportedFile]
  /// Arguments of the training program, where the target is a command line.
  package var arguments: [String]
  /// Variables that the program needs around it.
  package var environment: [EnvironmentVariable]
  /// What of the plan the form could not carry, or carries only with more of the reader's help.
  package var warnings: [ExportNote]

  package init(
    _ target: ExportTarget, files: [ExportedFile], arguments: [String] = [],
    environment: [EnvironmentVariable] = [], warnings: [ExportNote] = []
  ) {
    self.target = target
    self.files = files
    self.arguments = arguments
    self.environment = environment
    self.warnings = warnings
  }
}

package struct ExportedFile: Hashable, Sendable {
  package var name: String
  package var mediaType: String
  package var text: String

  package init(_ name: String, _ mediaType: String, _ text: String) {
    self.name = name
    self.mediaType = mediaType
    self.text = text
  }
}

package struct EnvironmentVariable: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Something to be said of one field.
package struct ExportNote: Hashable, Sendable {
  /// A JSON Pointer into the answer (`/plan/…`) or the request (`/model`, `/training/…`).
  package var field: String
  package var detail: String

  package init(_ field: String, _ detail: String) {
    self.field = field
    self.detail = detail
  }
}

/// Why a plan has no form for a launcher: what its runtime would refuse.
package struct ExportRefusal: Error, Hashable, Sendable {
  package var target: ExportTarget
  /// All of them, never none.
  package var reasons: [ExportNote]

  package init(_ target: ExportTarget, _ reasons: [ExportNote]) {
    precondition(!reasons.isEmpty, "a refusal says why")
    self.target = target
    self.reasons = reasons
  }
}

extension PlannedJob {
  /// The plan as `target` takes it, or every reason why it cannot.
  package func export(to target: ExportTarget) throws(ExportRefusal) -> Export {
    var notes = ExportNotes()
    checkStagesAlike(target, &notes)
    checkRankOrder(target, &notes)
    let export =
      switch target {
      case .megatron: megatronExport(&notes)
      case .megatronBridge: megatronBridgeExport(&notes)
      case .torchtitan(let version): torchtitanExport(version, &notes)
      case .deepspeed: deepspeedExport(&notes)
      case .nanotron: nanotronExport(&notes)
      case .accelerate: accelerateExport(&notes)
      case .galvatron: galvatronExport(&notes)
      case .kubeflow(let version): kubeflowExport(version, &notes)
      case .slurm: slurmExport(&notes)
      case .torchrun: torchrunExport(&notes)
      }
    guard notes.faults.isEmpty, var export else { throw ExportRefusal(target, notes.faults) }
    export.warnings = notes.warnings
    return export
  }
}

extension PlannedJob {
  /// Every launcher gives all stages the same degrees, and all replicas as many micro-batches.
  private func checkStagesAlike(_ target: ExportTarget, _ notes: inout ExportNotes) {
    for stage in plan.stages {
      guard let share = stage.share else { continue }
      notes.require(
        share.tensor == strategy.tensor, Field.stage(stage.id, "tensor_parallel"),
        "is the stage's own: \(target.title) gives all stages the same")
      notes.require(
        share.data == strategy.data, Field.stage(stage.id, "data_parallel"),
        "is the stage's own: \(target.title) gives all stages the same")
      notes.require(
        Set(share.microBatches).count <= 1, Field.stage(stage.id, "micro_batch_shares"),
        "differ: \(target.title) gives every replica the same")
    }
  }
}

extension PlannedJob {
  /// Only Megatron lays out stages next to each other. torchtitan's meshes have the pipeline outermost
  /// and tensor parallelism innermost, as have DeepSpeed's `PipeModelDataParallelTopology`, nanotron's
  /// `ParallelContext` and Galvatron; accelerate runs no pipelines.
  private func checkRankOrder(_ target: ExportTarget, _ notes: inout ExportNotes) {
    switch target {
    // Where Megatron's arguments are left out, the program is the reader's.
    case .megatron, .megatronBridge, .kubeflow, .slurm, .torchrun: break
    case .torchtitan, .deepspeed, .nanotron, .accelerate, .galvatron:
      notes.require(
        strategy.rankOrder == .tensorContextDataPipeline || strategy.pipeline == 1
          || strategy.data == 1,
        Field.strategy("rank_order"),
        "\(target.title) numbers ranks tp-cp-dp-pp only: replicas next to each other")
    }
  }
}

/// What is noted while an export is written.
struct ExportNotes {
  private(set) var warnings: [ExportNote] = []
  private(set) var faults: [ExportNote] = []

  mutating func warn(_ field: String, _ detail: String) {
    let note = ExportNote(field, detail)
    if !warnings.contains(note) { warnings.append(note) }
  }

  mutating func refuse(_ field: String, _ detail: String) {
    faults.append(ExportNote(field, detail))
  }

  mutating func require(
    _ holds: Bool, _ field: String, _ detail: @autoclosure () -> String
  ) {
    if !holds { refuse(field, detail()) }
  }
}
