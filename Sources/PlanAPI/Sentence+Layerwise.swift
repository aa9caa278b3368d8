import Galvatron
import JSON

/// What is said of measured profiles, and of plans layer by layer.
extension Sentence {
  static func unknownProfile(_ name: String, known: [String]) -> String {
    guard !known.isEmpty else {
      return "no profile \"\(excerpt(name))\" is mounted; start the service with --profiles"
    }
    let near = NearestNames.to(name, among: known)
    let hint =
      near.isEmpty
      ? "known here: \(known.prefix(24).joined(separator: ", "))"
      : "did you mean \"\(near.joined(separator: "\" or \""))\"?"
    return "no profile \"\(excerpt(name))\" is mounted; \(hint)"
  }

  static let profilesNeeded =
    "missing: Galvatron's cost model needs profiles, or the name of a mounted one"

  static let layersDiffer =
    "Galvatron's cost model needs an embedding, identical transformer blocks and a head"

  static func contradiction(_ what: String, _ known: some CustomStringConvertible) -> String {
    "\(what) \(known)"
  }

  static func constraintNotKnown(_ name: String) -> String {
    "\(name) does not apply under Galvatron's cost model; see search_space_info"
  }

  static func microBatchesDoNotDivide(_ count: Int, batches: [Int]) -> String {
    batches.count == 1
      ? "\(count) micro-batches do not divide the batch of \(batches[0])"
      : "\(count) micro-batches divide none of the batches"
  }

  static func profile(_ fault: ProfileFault) -> String {
    switch fault {
    case .otherGroups(_, let group, let gpus):
      "was measured in groups of \(group) GPUs, which do not divide the cluster's \(gpus)"
    case .noWholeGroup(let gpus):
      "has no allreduce_size_\(gpus)_consec_1: it was not measured on the cluster's \(gpus) GPUs"
    case .noMemoryTables(let isParallel):
      isParallel
        ? "has no layertype_0_sp: it was measured without sequence parallelism"
        : "has no layertype_0: it was measured with sequence parallelism only"
    }
  }

  static func profile(_ gap: ProfileGap, sequenceLength: Int) -> String {
    switch gap {
    case .otherParameters(let measured, let model):
      "A layer of the memory profile has \(millions(measured)) parameters, one of the model "
        + "\(millions(model)): it may have been measured on another model."
    case .noFile(.computation): "No computation profile: layer times are analytic."
    case .noFile(.memory): "No memory profile: layer sizes are analytic."
    case .noFile(.overlap):
      "No overlap coefficient: overlapping kernels are taken to run at full speed."
    case .noFile(.allReduceBandwidth): "No allreduce_bandwidth profile: bandwidths are analytic."
    case .noFile(.stageBandwidth): "No p2p_bandwidth profile: bandwidths are analytic."
    case .noFile(.messageTimes): "No sp_time profile: times of collectives are analytic."
    case .noEndTimes:
      "The computation profile has no layertype_other rows: embedding and head times are analytic."
    case .firstRowOfLength(let length):
      "Static mode takes the first row of the computation profile, as Galvatron does: it was measured "
        + "at \(length) tokens, not \(sequenceLength)."
    case .timesScaled(let length):
      "\(sequenceLength) tokens were not profiled: times are scaled from \(length) tokens by the "
        + "analytic model."
    case .fewBatchSizes(let count):
      "The computation profile has \(count) batch sizes; Galvatron asks for 8 to fit a line."
    case .memoryScaled(let length):
      "\(sequenceLength) tokens were not profiled: activations are scaled from \(length) tokens in "
        + "proportion."
    case .degreesHalved(let degrees):
      "The memory profile lacks degrees \(list(degrees)): each is taken as half of the one below."
    case .groups(let file, let groups):
      "The \(file.rawValue) profile lacks groups of \(list(groups)): they are analytic."
    }
  }

  private static func millions(_ count: Int) -> String {
    "\(Double((count + 50_000) / 100_000) / 10) million"
  }

  private static func list(_ numbers: [Int]) -> String {
    numbers.sorted().map(String.init).joined(separator: ", ")
  }

  static let oneStrategyIgnored =
    "fine_grained_mode 0 is passed over: layers are always searched one by one."

  static func layerwiseMemory(_ excess: Int, over usable: Int, atStage stage: Int) -> String {
    "The plan that comes nearest needs \(excess) MB more than the usable \(usable) MB at stage \(stage)."
  }

  static func layerwiseProof(_ result: LayerwiseResult) -> String {
    let percent = (result.gapFraction * 10_000).rounded(.up) / 100
    let verdict = percent == 0 ? "Optimal" : "At most \(percent) % from the best"
    return "\(verdict) under Galvatron's cost model: \(result.considered) families of plans "
      + "searched, \(result.pruned) excluded by bounds"
  }

  static func fitting(gigabytes: Int) -> String {
    "A memory_constraint of \(gigabytes) GB fits."
  }

  static let replansByOwnModel =
    "plans are made anew by the service's own cost model; Galvatron's applies to /partition and "
    + "/simulate"

  // MARK: Strategy files under the service's own cost model

  static let fileOfOneKind = "a strategy file is for one kind of GPU, and the cluster has several"

  static let ownModelHasNoUlysses =
    "Ulysses sequence parallelism is known to Galvatron's cost model only"

  static func degreesDiffer(_ degrees: [Int]) -> String {
    "layers have degrees of \(list(degrees)); \(ownModelIsUniform)"
  }

  static func embeddingDegreeDiffers(_ degree: Int, layers: Int) -> String {
    "the embedding has a degree of \(degree) and the layers of \(layers); \(ownModelIsUniform)"
  }

  static let shardingDiffers =
    "some layers shard their weights and some do not; " + ownModelIsUniform

  static let embeddingShardingDiffers =
    "the embedding shards its weights and the layers do not, or the other way round; "
    + ownModelIsUniform

  private static let ownModelIsUniform =
    "by the service's own cost model all are alike; \"cost_model\": \"galvatron\" takes such plans"

  static func microBatchOverReplicas(_ size: Int, replicas: Int) -> String {
    "makes micro-batches of \(size) sequences, which \(replicas) replicas do not share evenly"
  }

  static let recomputedFirst =
    "Of each stage the first layers are taken to be those that recompute; the strategy file names "
    + "others, as many."

  static let layerwiseNotExported =
    "layers have strategies of their own, for which only Galvatron has a form"
}
