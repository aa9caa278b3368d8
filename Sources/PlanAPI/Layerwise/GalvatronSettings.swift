import Galvatron
import JSON

/// `galvatron`: what Galvatron's search is told in its YAML, section by section, as JSON. What the job
/// says elsewhere need not be said again, and must not be contradicted.
struct GalvatronSettings: Sendable {
  var timeMode: JobOptions.TimeMode?
  var memoryMode: JobOptions.MemoryMode?
  var layers: Int?
  var hiddenSize: Int?
  var sequenceLength: Int?
  /// But for the precision, which the training says.
  var run = RunSettings()
  var precision: String?
  var nodes: Int?
  var gpusPerNode: Int?
  var memoryGigabytes: Int?
  var batchSizes: [Int]?
  var microBatches: Int?
  var space = SearchSpace(batchSizes: [])
  /// Nothing but one strategy for all layers was asked for.
  var wantsOneStrategy = false
  /// The object that was read.
  var value: JSONValue?
}

struct GalvatronSettingsRule: JSONRule {
  var expectation: String { "an object with sections of Galvatron's search_engine settings" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> GalvatronSettings? {
    // The root key of its files.
    let sections = value["search_engine"].flatMap { value.count == 1 ? $0 : nil } ?? value
    return Self.sections.read(sections, log)
  }

  /// What a section says, to be written into the settings.
  private typealias Section = JSONObjectRule<@Sendable (inout GalvatronSettings) -> Void>

  private static let sections: JSONObjectRule<GalvatronSettings> = .object { members in
    var settings = GalvatronSettings()
    settings.value = members.object
    members.optional("profiling_info", profiling)?(&settings)
    members.optional("model_info", model)?(&settings)
    members.optional("common_train_info", train)?(&settings)
    members.optional("parallelism_info", parallelism)?(&settings)
    members.optional("hardware_info", hardware)?(&settings)
    members.optional("batch_size_info", batch)?(&settings)
    members.optional("search_space_info", space)?(&settings)
    members.optional("options_info", options)?(&settings)
    members.optional("debug_info", debug)?(&settings)
    return members.isSound ? settings : nil
  }

  private static let profiling: Section = .openObject { r in
    let time = r.optional("time_profile_mode", .oneOf(JobOptions.TimeMode.self))
    let memory = r.optional("memory_profile_mode", .oneOf(JobOptions.MemoryMode.self))
    return {
      $0.timeMode = time
      $0.memoryMode = memory
    }
  }

  private static let model: Section = .openObject { r in
    let layers = r.optional("num_layers", .positiveInteger(max: WireLimits.degree))
    let hidden = r.optional("hidden_size", .positiveInteger(max: WireLimits.degree))
    return {
      $0.layers = layers
      $0.hiddenSize = hidden
    }
  }

  private static let train: Section = .openObject { r in
    let length = r.optional("seq_length", .positiveInteger(max: WireLimits.sequenceLength))
    let isParallel = r.optional("sequence_parallel", .boolean, absent: true)
    let buffers = r.optional("global_memory_buffer", .boolean, absent: true)
    return {
      $0.sequenceLength = length
      $0.run.sequenceParallel = isParallel
      $0.run.sharesGatherBuffer = buffers
    }
  }

  private static let parallelism: Section = .openObject { r in
    let sharding = r.optional(
      "default_dp_type", .oneOf(DefaultSharding.self), absent: .zero2)
    let schedule = r.optional(
      "pipeline_type", .oneOf(LayerwiseSchedule.self), absent: .pipedreamFlush)
    let reducesEarly = r.optional("async_grad_reduce", .boolean, absent: true)
    let precision = r.optional(
      "mixed_precision", .oneOf(["fp32", "fp16", "bf16"].map { ($0, $0) }))
    return {
      $0.run.defaultSharding = sharding
      $0.run.schedule = schedule
      $0.run.reducesGradientsEarly = reducesEarly
      $0.precision = precision
    }
  }

  private static let hardware: Section = .object { r in
    let nodes = r.optional("num_nodes", .positiveInteger(max: WireLimits.nodes))
    let gpus = r.optional("num_gpus_per_node", .positiveInteger(max: WireLimits.gpusPerNode))
    let memory = r.optional("memory_constraint", .positiveInteger(max: 1 << 20))
    return {
      $0.nodes = nodes
      $0.gpusPerNode = gpus
      $0.memoryGigabytes = memory
    }
  }

  private static let batch: Section = .object { r in
    let settled = r.optional("settle_bsz", .integer(in: -1...WireLimits.batch)) ?? -1
    let chunks = r.optional("settle_chunk", .integer(in: -1...WireLimits.batch)) ?? -1
    let least = r.optional("min_bsz", .positiveInteger(max: WireLimits.batch))
    let most = r.optional("max_bsz", .positiveInteger(max: WireLimits.batch))
    let step = r.optional("bsz_scale", .positiveInteger(max: WireLimits.batch), absent: 8)
    _ = r.value("recommend_min_bsz")
    var sizes: [Int]?
    if settled > 0 {
      sizes = [settled]
    } else if let least, let most {
      if least > most {
        r.note("max_bsz", "is less than min_bsz, \(least)")
      } else if (most - least) / step >= WireLimits.choices {
        r.note("max_bsz", "makes more than \(WireLimits.choices) batch sizes")
      } else {
        sizes = Array(stride(from: least, through: most, by: step))
      }
    }
    let found = sizes
    return {
      $0.microBatches = chunks > 0 ? chunks : nil
      $0.batchSizes = found
    }
  }

  private static let space: Section = .object { r in
    var space = SearchSpace(batchSizes: [])
    space.allowsData = !flag("disable_dp", &r)
    space.allowsTensor = !flag("disable_tp", &r)
    space.allowsUlysses = !flag("disable_sp", &r)
    space.allowsPipeline = !flag("disable_pp", &r)
    space.allowsRecompute = !flag("disable_ckpt", &r)
    space.allowsWeightSharding = !flag("disable_fsdp", &r)
    space.allowsTensorEmbedding = !flag("disable_embedding_lmhead_tp", &r)
    space.allowsUlyssesEmbedding = !flag("disable_embedding_lmhead_sp", &r)
    space.mostTensor = most("max_tp_deg", &r)
    space.mostStages = most("max_pp_deg", &r)
    space.mostUlysses = most("max_sp_deg", &r)
    // Context parallelism is neither costed nor written out by Galvatron.
    _ = flag("disable_cp", &r)
    _ = most("max_cp_deg", &r)
    _ = flag("disable_vtp", &r)
    _ = flag("disable_tp_consec", &r)
    let found = space
    return { $0.space = found }
  }

  private static let options: Section = .object { r in
    let isFine = r.value("fine_grained_mode") == nil || flag("fine_grained_mode", &r)
    for name in ["parallel_search", "worker", "log_dir", "output_config_path"] as [StaticString] {
      _ = r.value(name)
    }
    return { $0.wantsOneStrategy = !isFine }
  }

  private static let debug: Section = .openObject { r in
    let factor = r.optional("debug_costmodel_coe", .positiveNumber(max: 1e6), absent: 1)
    return { $0.run.timeFactor = factor }
  }

  /// A largest degree; -1 sets none.
  private static func most(_ name: StaticString, _ r: inout JSONMemberReader) -> Int {
    let most = r.optional(name, .integer(in: -1...WireLimits.degree), absent: 8)
    if most == 0 { r.note(name, "expected a degree of at least 1, or -1 for no limit") }
    return most == -1 ? WireLimits.degree : most
  }

  /// Galvatron's switches are 0 or 1, and 0 where they are left out.
  private static func flag(_ name: StaticString, _ r: inout JSONMemberReader) -> Bool {
    guard let value = r.value(name) else { return false }
    if let truth = value.boolean { return truth }
    guard let number = value.integer, (0...1).contains(number) else {
      r.log.note(value, "expected 0 or 1, found \(value.summary)")
      return false
    }
    return number == 1
  }
}
