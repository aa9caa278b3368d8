import Galvatron
import JSON

/// A strategy file of Galvatron (`galvatron_config_*.json`), of either generation, as it is written.
package struct StrategyFile {
  var stages: Int
  var degrees: [Int]
  var isConsecutive: [Int]?
  var sharding: [Int]
  var ulysses: [Int]?
  var recomputes: [Int]?
  var worldSize: Int?
  var globalBatchSize: Int
  var microBatches: Int
  var division: [Int]?
  var schedule: LayerwiseSchedule?
  var defaultSharding: DefaultSharding?
  var embeddingDegree: Int
  var embeddingUlysses: Bool
  var embeddingShards: Bool
  package let value: JSONValue
}

/// Reads a strategy file; keys that neither generation has are passed over.
package struct StrategyFileRule: JSONRule {
  package init() {}

  package var expectation: String { "a strategy file of Galvatron, with keys like pp_deg" }

  private static let schedules: JSONChoiceRule<LayerwiseSchedule> = .oneOf(LayerwiseSchedule.self)
  private static let shardings: JSONChoiceRule<DefaultSharding> = .oneOf(DefaultSharding.self)
  private static let most = 1 << 20

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> StrategyFile? {
    guard value.kind == .object else { return refuse(value, log) }
    let rule: JSONObjectRule<StrategyFile> = .openObject { file in
      let stages = file.required("pp_deg", .positiveInteger(max: Self.most))
      let degrees = file.required("tp_sizes_enc", NumberListRule(range: 1...Self.most))
      let consecutive = file.optional("tp_consecutive_flags", Self.flags)
      let sharding = file.required("dp_types_enc", Self.flags)
      let ulysses = file.optional("use_sp", Self.flags)
      let recomputes = file.optional("checkpoint", Self.flags)
      let world = file.optional("world_size", .positiveInteger(max: Self.most))
      let batch = file.required("global_bsz", .positiveInteger(max: Self.most))
      let chunks = file.required("chunks", .positiveInteger(max: Self.most))
      let division = file.optional("pp_division", NumberListRule(range: 0...Self.most))
      let schedule = file.optional("pipeline_type", Self.schedules)
      let defaultSharding = file.optional("default_dp_type", Self.shardings)
      let degree = file.optional("vtp", .positiveInteger(max: Self.most), absent: 1)
      let isUlysses = file.optional("vsp", .integer(in: 0...1), absent: 0)
      let older = file.optional("embed_sdp", .integer(in: 0...1))
      let newer = file.optional("vocab_sdp", .integer(in: 0...1))
      if let older, let newer, older != newer {
        file.note("vocab_sdp", "differs from embed_sdp, which is \(older)")
      }
      Self.checkOnes(&file)
      guard file.isSound, let stages, let degrees, let sharding, let batch, let chunks else {
        return nil
      }
      return StrategyFile(
        stages: stages, degrees: degrees, isConsecutive: consecutive, sharding: sharding,
        ulysses: ulysses, recomputes: recomputes, worldSize: world, globalBatchSize: batch,
        microBatches: chunks, division: division, schedule: schedule,
        defaultSharding: defaultSharding, embeddingDegree: degree,
        embeddingUlysses: isUlysses == 1, embeddingShards: (newer ?? older) == 1,
        value: file.object)
    }
    return rule.read(value, log)
  }

  private static var flags: NumberListRule { NumberListRule(range: 0...1) }

  /// What the cost model does not know: context and expert parallelism.
  private static func checkOnes(_ file: inout JSONMemberReader) {
    let names: [StaticString] = ["cp_sizes_enc", "ep_sizes_enc", "tp_of_ep_sizes_enc"]
    for name in names {
      guard let list = file.optional(name, NumberListRule(range: 1...most)) else { continue }
      if list.contains(where: { $0 != 1 }) {
        file.note(name, "Galvatron's cost model knows no context or expert parallelism")
      }
    }
    if let vocabulary = file.optional("vcp", .positiveInteger(max: most)), vocabulary != 1 {
      file.note("vcp", "Galvatron's cost model knows no context parallelism")
    }
  }
}

/// Integers joined by commas, `"1,1,2"`.
struct NumberListRule: JSONRule {
  let range: ClosedRange<Int>

  var expectation: String {
    "a string of integers from \(range.lowerBound) to \(range.upperBound), joined by commas"
  }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> [Int]? {
    guard let text = value.string, !text.isEmpty else { return refuse(value, log) }
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let digits = part.drop { $0 == " " }
      guard let number = Int(digits), range.contains(number) else { return refuse(value, log) }
      numbers.append(number)
    }
    return numbers
  }
}

extension StrategyFile {
  /// The plan for so many layers and GPUs; `nil` after noting what contradicts them.
  ///
  /// - Parameters:
  ///   - schedule: where the file names none; the sharding likewise.
  package func plan(
    layers: Int, gpus: Int, schedule: LayerwiseSchedule, sharding: DefaultSharding,
    _ log: JSONFaultLog
  ) -> LayerwisePlan? {
    let before = log.count
    checkLists(layers: layers, log)
    if let worldSize, worldSize != gpus {
      note("world_size", "the cluster has \(gpus) GPUs, not \(worldSize)", log)
    }
    guard gpus % stages == 0, stages <= layers else {
      note("pp_deg", "expected a divisor of \(gpus) GPUs, up to the \(layers) layers", log)
      return nil
    }
    let division =
      self.division ?? LayerwisePlan.evenDivision(layers: layers, stages: stages)
    if division.count != stages || division.reduce(0, +) != layers || division.contains(0) {
      note(
        "pp_division", "expected \(stages) numbers above 0 that add up to the \(layers) layers", log
      )
    }
    if stages > microBatches {
      note("chunks", "\(stages) stages need as many micro-batches at least", log)
    }
    if globalBatchSize % microBatches != 0 {
      note("chunks", "does not divide the batch of \(globalBatchSize)", log)
    }
    checkDegrees(stageGPUs: gpus / stages, log)
    guard log.count == before else { return nil }
    return LayerwisePlan(
      stageLayers: division, layers: strategies,
      embedding: LayerStrategy(
        degree: embeddingDegree, split: embeddingUlysses ? .ulysses : .tensor,
        shardsWeights: embeddingShards),
      globalBatchSize: globalBatchSize, microBatches: microBatches,
      schedule: self.schedule ?? schedule, defaultSharding: defaultSharding ?? sharding)
  }

  private var strategies: [LayerStrategy] {
    degrees.indices.map { index in
      LayerStrategy(
        degree: degrees[index], split: ulysses?[index] == 1 ? .ulysses : .tensor,
        shardsWeights: sharding[index] == 1, recomputes: recomputes?[index] == 1)
    }
  }

  private func checkLists(layers: Int, _ log: JSONFaultLog) {
    let lists = [
      ("tp_sizes_enc", degrees), ("tp_consecutive_flags", isConsecutive ?? degrees),
      ("dp_types_enc", sharding), ("use_sp", ulysses ?? degrees),
      ("checkpoint", recomputes ?? degrees),
    ]
    for (name, list) in lists where list.count != layers && value[name] != nil {
      note(name, "expected one number for each of the \(layers) layers, found \(list.count)", log)
    }
    if isConsecutive?.contains(0) ?? false {
      note("tp_consecutive_flags", "tensor groups of distant ranks are not judged", log)
    }
  }

  /// Every layer's GPUs divide the stage's, and leave each replica a sample of every micro-batch.
  private func checkDegrees(stageGPUs: Int, _ log: JSONFaultLog) {
    func complaint(_ degree: Int) -> String? {
      guard stageGPUs % degree == 0 else {
        return "\(degree) does not divide the \(stageGPUs) GPUs of a stage"
      }
      let replicas = stageGPUs / degree
      return globalBatchSize / microBatches < replicas
        ? "with degree \(degree) a micro-batch of \(globalBatchSize / microBatches) has no sample "
          + "for each of \(replicas) replicas" : nil
    }
    if let complaint = Set(degrees).sorted().compactMap(complaint).first {
      note("tp_sizes_enc", complaint, log)
    }
    if !degrees.contains(embeddingDegree), let complaint = complaint(embeddingDegree) {
      note("vtp", complaint, log)
    }
  }

  private func note(_ name: String, _ detail: String, _ log: JSONFaultLog) {
    if let member = value[name] {
      log.note(member, detail)
    } else {
      log.note(value, member: name, detail)
    }
  }
}

extension JSONRule where Self == StrategyFileRule {
  package static var strategyFile: Self { Self() }
}
