import Costing
import Galvatron
import Hardware
import JSON
import Planning
import Quantities
import Workload

/// A job to be planned or judged by Galvatron's cost model.
struct LayerwiseRequest: Sendable {
  var job: JobRequest
  var measured: MeasuredJob
  var space: SearchSpace
  var budget: MemoryBudget
  /// Where the request says so.
  var budgetPointer: String
  var deadlineMilliseconds: Int?
  var exports = ExportRequest()
  var warnings: [String]

  /// Whether a body asks for this cost model.
  static func isMeant(by body: JSONValue) -> Bool {
    body["cost_model"]?.isString(CostModelName.galvatron.rawValue) ?? false
  }
}

/// `cost_model`.
enum CostModelName: String, CaseIterable {
  /// The service's own: analytic, or measured where there are profiles.
  case stagewright
  case galvatron
}

extension PlanService {
  /// Reads what all requests by Galvatron's cost model have in common; `nil` after noting every fault.
  func readLayerwise(_ members: inout JSONMemberReader) -> LayerwiseRequest? {
    let job = readJob(&members)
    _ = members.required("cost_model", .oneOf(CostModelName.self))
    let profiles: MeasuredProfiles?
    if members.object["profiles"] == nil {
      members.note("profiles", Sentence.profilesNeeded)
      profiles = nil
    } else {
      profiles = members.optional("profiles", ProfilesRule(store: self.profiles))
    }
    let settings = members.optional(
      "galvatron", GalvatronSettingsRule(), absent: GalvatronSettings())
    let search = members.optional("search", .search, absent: SearchRequest())
    let exports = readExports(&members)
    guard let job, let profiles, members.isSound else { return nil }
    return layerwise(job, profiles, settings, search, exports, &members)
  }

  private func layerwise(
    _ job: JobRequest, _ profiles: MeasuredProfiles, _ settings: GalvatronSettings,
    _ search: SearchRequest, _ exports: ExportRequest, _ members: inout JSONMemberReader
  ) -> LayerwiseRequest? {
    guard !job.isMixed else {
      members.note("cluster", Sentence.oneKindOfGPU)
      return nil
    }
    guard let layers = job.graph.identicalBlocks else {
      members.note("model", Sentence.layersDiffer)
      return nil
    }
    settings.check(against: job, layers: layers, members.log)
    var space = settings.space
    space.batchSizes = settings.batchSizes ?? [job.job.globalBatchSize]
    space.microBatches = settings.microBatches
    var options = JobOptions(
      layers: layers, hiddenSize: job.graph.hiddenSize, sequenceLength: job.job.sequenceLength,
      gpus: job.pool.gpus)
    options.timeMode = settings.timeMode
    options.memoryMode = settings.memoryMode
    options.run = settings.run
    options.run.usesMixedPrecision = job.job.precision != .fp32
    options.mostDegree = max(space.mostTensor, space.mostUlysses)
    search.restrict(&space, &options, members.object["search"], members.log)
    let costs = CostModel(
      graph: job.graph, pool: job.pool, job: job.job, parameters: parameters)
    var assembly = JobAssembly(profiles, options, estimates: AnalyticEstimates(costs))
    let measured = assembly.job()
    note(assembly.faults, &members)
    guard members.isSound, let measured else { return nil }
    let gigabytes =
      settings.memoryGigabytes ?? max(1, Int(job.pool.memory.gibibytes.rounded(.down)))
    var warnings =
      job.warnings
      + assembly.gaps.map { Sentence.profile($0, sequenceLength: job.job.sequenceLength) }
    if settings.wantsOneStrategy { warnings.append(Sentence.oneStrategyIgnored) }
    return LayerwiseRequest(
      job: job, measured: measured, space: space, budget: MemoryBudget(gigabytes: gigabytes),
      budgetPointer: settings.memoryGigabytes == nil
        ? "/cluster" : settings.value!["hardware_info"]!["memory_constraint"]!.pointer,
      deadlineMilliseconds: search.deadlineMilliseconds, exports: exports, warnings: warnings)
  }

  /// Faults of profiles stand at the row or the file that has them, or at a mounted profile's name.
  func note(_ faults: [ProfileFault], _ members: inout JSONMemberReader) {
    for fault in faults {
      if let file = members.object["profiles"]?[fault.file.rawValue] {
        members.log.note(fault.member(of: file) ?? file, Sentence.profile(fault))
      } else {
        members.note("profiles", "\(fault.file.rawValue) \(Sentence.profile(fault))")
      }
    }
  }
}

extension ProfileFault {
  /// The first row of a file that is at fault, if there is one: `pp_size_8`, `allreduce_size_8_1MB_time`.
  fileprivate func member(of file: JSONValue) -> JSONValue? {
    guard case .otherGroups(_, let group, _) = self else { return nil }
    return file.members.first { name, _ in
      let words = name.split(separator: "_")
      return words.count > 2 && words[1] == "size" && words[2] == "\(group)"
    }?.value
  }
}

extension LayerGraph {
  /// How many transformer blocks there are, if all are alike and between an embedding and a head.
  var identicalBlocks: Int? {
    let kinds = nodes.map { self.kinds[$0.kind].kind }
    let blocks = nodes.filter { self.kinds[$0.kind].kind == .transformerBlock }
    guard let first = blocks.first, blocks.allSatisfy({ $0.kind == first.kind }), isChain else {
      return nil
    }
    let rest = kinds.dropFirst().drop { $0 == .transformerBlock }
    let isFramed =
      kinds.first == .embedding && rest.last == .head
      && rest.allSatisfy { $0 == .finalNorm || $0 == .head }
    return isFramed ? blocks.count : nil
  }
}

extension GalvatronSettings {
  /// Notes where a setting contradicts the model, the cluster or the training.
  func check(against job: JobRequest, layers: Int, _ log: JSONFaultLog) {
    func compare<Number: Equatable & CustomStringConvertible>(
      _ section: String, _ name: String, _ given: Number?, _ what: String, _ known: Number
    ) {
      guard let given, given != known, let member = value?[section]?[name] else { return }
      log.note(member, Sentence.contradiction(what, known))
    }
    compare("model_info", "num_layers", self.layers, "the model's layers are", layers)
    compare(
      "model_info", "hidden_size", hiddenSize, "the model's hidden size is",
      job.graph.hiddenSize)
    compare(
      "common_train_info", "seq_length", sequenceLength, "the training's sequence_length is",
      job.job.sequenceLength)
    compare(
      "parallelism_info", "mixed_precision", precision, "the training's precision is",
      job.job.precision.rawValue)
    compare("hardware_info", "num_nodes", nodes, "the cluster's nodes are", job.pool.nodes)
    compare(
      "hardware_info", "num_gpus_per_node", gpusPerNode, "the cluster's GPUs a node are",
      job.pool.gpusPerNode)
    let batch = job.job.globalBatchSize
    if let sizes = batchSizes, !sizes.contains(batch), let member = value?["batch_size_info"] {
      log.note(
        member["settle_bsz"] ?? member,
        Sentence.contradiction("the training's global_batch_size is", batch))
    }
    let sizes = batchSizes ?? [batch]
    if let microBatches, sizes.allSatisfy({ $0 % microBatches != 0 }),
      let member = value?["batch_size_info"]?["settle_chunk"]
    {
      log.note(member, Sentence.microBatchesDoNotDivide(microBatches, batches: sizes))
    }
  }
}

extension SearchRequest {
  /// Of the general constraints, those that have a meaning for plans layer by layer.
  fileprivate func restrict(
    _ space: inout SearchSpace, _ options: inout JobOptions, _ value: JSONValue?,
    _ log: JSONFaultLog
  ) {
    guard let value else { return }
    let known: Set<String> = [
      "pipeline_parallel", "tensor_parallel", "recompute", "schedule", "deadline_ms",
    ]
    for (name, member) in value.members where !known.contains(name) {
      log.note(member, Sentence.constraintNotKnown(name))
    }
    if !constraints.pipeline.isEmpty { space.stageCounts = Set(constraints.pipeline) }
    if !constraints.tensor.isEmpty { space.degrees = Set(constraints.tensor) }
    if constraints.recompute == [.none] { space.allowsRecompute = false }
    if let schedule = constraints.schedule.first {
      switch schedule {
      case .gpipe where constraints.schedule.count == 1: options.run.schedule = .gpipe
      case .oneForwardOneBackward where constraints.schedule.count == 1:
        options.run.schedule = .pipedreamFlush
      case .gpipe, .oneForwardOneBackward, .interleaved, .zeroBubble:
        if let member = value["schedule"] {
          log.note(member, "expected one of \"gpipe\" and \"1f1b\"")
        }
      }
    }
  }
}
