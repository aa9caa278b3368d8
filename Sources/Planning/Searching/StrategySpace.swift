import Costing
import Hardware
import Scheduling

/// The strategies that satisfy the constraints and the runtimes' rules, dimension by dimension.
///
/// Any number of GPUs up to the pool's may be used. Of choices that never differ in time, or where
/// one is never worse in time and memory, only one is in the space, unless constraints name the
/// others:
/// - sequence parallelism goes with tensor parallelism wherever the sequence divides: it costs the
///   same traffic and keeps less;
/// - `full` recomputation stands for `none` too, which is full recomputation of no layer;
/// - selective recomputation of fused attention keeps nothing less, but where a framework takes it to
///   mean operators of its choice;
/// - with one replica there are no optimizer states to shard, and one stage runs alike under every
///   schedule;
/// - ranks may lie alike in both orders, as with one stage or one replica;
/// - sequences are not cut over GPUs that could each run whole ones instead (`factorsInVain`).
final class StrategySpace: Sendable {
  let problem: PlanningProblem
  let constraints: SearchConstraints
  let limits: ModelLimits
  private let wantedOrders: [DeviceMesh.Order]
  /// The first that is wanted, and the usual one if it is.
  private let firstOrder: [DeviceMesh.Order]
  private let usualOrder: [DeviceMesh.Order]
  private let wantedSchedules: [PipelineSchedule]
  private let sizes: [Int]
  /// The stages that are allowed, by the raw value of what represents them.
  private let zeroStages: [[ZeroStage]]
  /// The policies where selective recomputation keeps less, and where it does not.
  private let leanPolicies: [RecomputePolicy]
  private let policies: [RecomputePolicy]
  /// Up to as many as there can be stages.
  let harmonic: HarmonicNumbers

  init(_ problem: PlanningProblem, _ constraints: SearchConstraints) {
    self.problem = problem
    self.constraints = constraints
    limits = ModelLimits(problem.graph, problem.chunks)
    wantedOrders = DeviceMesh.Order.allCases.filter {
      constraints.rankOrder.isEmpty || constraints.rankOrder.contains($0)
    }
    harmonic = HarmonicNumbers(upTo: limits.nodes)
    firstOrder = Array(wantedOrders.prefix(1))
    usualOrder = wantedOrders.filter { $0 == .tensorContextDataPipeline }
    wantedSchedules =
      constraints.schedule.isEmpty ? PipelineSchedule.allCases : constraints.schedule
    sizes = Self.divisors(of: problem.job.globalBatchSize, constraints.microBatchSize)
    let allowed = constraints.zeroStage.isEmpty ? ZeroStage.allCases : constraints.zeroStage
    zeroStages = ZeroStage.allCases.map { stage in allowed.filter { $0.representative == stage } }
    let chosen = constraints.recompute
    let lean = chosen.contains(.full) ? chosen.filter { $0 != .none } : chosen
    (leanPolicies, policies) = chosen.isEmpty ? ([.full, .selective], [.full]) : (lean, lean)
  }

  private var gpus: Int { problem.pool.gpus }

  /// What a layer's cost depends on, but for the micro-batch size and, with sharded weights, the
  /// replicas. Calls `visit` in a fixed order, with the most replicas times stages that fit.
  func forEachSplit(_ visit: (LayerParallelism, _ replicaStages: Int) -> Void) {
    let job = problem.job
    for tensor in tensorChoices where tensor <= gpus {
      for context in contextChoices where tensor * context <= gpus {
        let most = gpus / (tensor * context)
        for sequenceParallel in sequenceChoices(tensor, length: job.sequenceLength / context) {
          for expert in expertChoices(most: most * tensor * context) {
            for zero in [ZeroStage.none, .gradients, .weights] where mayShard(zero) {
              visit(
                LayerParallelism(
                  tensor: tensor, sequenceParallel: sequenceParallel, context: context,
                  expert: expert, zeroStage: zero), most)
            }
          }
        }
      }
    }
  }

  /// Whether some ZeRO stage that costs a layer as much as `zero` is allowed.
  private func mayShard(_ zero: ZeroStage) -> Bool {
    constraints.zeroStage.isEmpty
      || constraints.zeroStage.contains { $0.representative == zero }
  }

  private var tensorChoices: [Int] {
    let most = limits.tensorDivides.reduce(0) { greatestCommonDivisor($0, $1.count) }
    return Self.divisors(of: most == 0 ? 1 : most, constraints.tensor).filter(limits.allowsTensor)
  }

  private var contextChoices: [Int] {
    if limits.hasOpaqueLayers { return allowed(1, constraints.context) ? [1] : [] }
    return Self.divisors(of: problem.job.sequenceLength, constraints.context)
  }

  private func sequenceChoices(_ tensor: Int, length: Int) -> [Bool] {
    guard tensor > 1 else {
      return allowed(false, constraints.sequenceParallel) ? [false] : []
    }
    let choices = length % tensor == 0 ? [true] : limits.experts == 0 ? [false] : []
    guard !constraints.sequenceParallel.isEmpty else { return choices }
    return constraints.sequenceParallel.filter { wanted in
      wanted ? length % tensor == 0 : limits.experts == 0
    }
  }

  private func expertChoices(most: Int) -> [Int] {
    guard limits.experts > 0 else { return allowed(1, constraints.expert) ? [1] : [] }
    return Self.divisors(of: limits.experts, constraints.expert).filter { $0 <= most }
  }

  /// Sequences of a micro-batch that some number of replicas allows.
  func microBatchSizes(_ split: LayerParallelism) -> [Int] {
    let factors = factorsInVain(split)
    guard !factors.isEmpty, !mayLieApart(split) else { return sizes }
    return sizes.filter { !isInVain($0, factors) }
  }

  private func isInVain(_ size: Int, _ factors: [Int]) -> Bool {
    factors.contains { size % $0 == 0 && allowed(size / $0, constraints.microBatchSize) }
  }

  /// Parts into which a split's context need not be cut where a micro-batch has as many sequences.
  ///
  /// With q times the replicas, and both context and micro-batch divided by q, the same GPUs run as
  /// many tokens of as many micro-batches: their products, their fused attention, what they hold and
  /// what they reduce are the same, and keys and values travel less far, if replicas lie next to each
  /// other. Not so where scores are products of their own, which fill other tiles; where another
  /// framework is assumed; or where costs were measured.
  private func factorsInVain(_ split: LayerParallelism) -> [Int] {
    let costs = problem.costs
    guard split.context > 1, constraints.data.isEmpty, costs.attentionKernel == .fused,
      wantedOrders.contains(.tensorContextDataPipeline),
      costs.measurements == nil, problem.pool.measuredNetwork == nil
    else { return [] }
    return split.context.divisors.filter { factor in
      var whole = split
      whole.context /= factor
      return factor > 1 && allowed(whole.context, constraints.context)
        && costs.stack(whole) == costs.stack(split)
    }
  }

  /// Micro-batches of each replica, if the batch divides among `data` of them.
  func microBatches(_ split: LayerParallelism, data: Int) -> Int? {
    let share = problem.job.globalBatchSize / data
    guard share % split.microBatchSize == 0,
      split.tensor * split.context * data % split.expert == 0
    else { return nil }
    return share / split.microBatchSize
  }

  /// Numbers of stages, in descending order.
  func pipelineChoices(most: Int) -> [Int] {
    constraints.pipeline.isEmpty
      ? Array(stride(from: most, to: 0, by: -1))
      : constraints.pipeline.filter { $0 <= most }.sorted(by: >)
  }

  var dataChoices: [Int] { Self.divisors(of: problem.job.globalBatchSize, constraints.data) }

  func zeroChoices(_ split: LayerParallelism, data: Int) -> [ZeroStage] {
    let choices = zeroStages[split.zeroStage.representative.rawValue]
    let ranks = data * split.context
    let expertReplicas = limits.experts == 0 ? 1 : ranks * split.tensor / split.expert
    guard ranks == 1, expertReplicas <= 1, constraints.zeroStage.isEmpty else { return choices }
    // With nothing to shard, the frameworks that shard weights are still others, of which figures alone say
    // nothing.
    return choices.filter { $0 == .none || $0 == .weights && !limits.hasOpaqueLayers }
  }

  func recomputeChoices(_ split: LayerParallelism) -> [RecomputePolicy] {
    let keepsLess =
      problem.costs.attentionKernel == .unfused
      || problem.costs.stack(split) == .fullySharded
    return keepsLess ? leanPolicies : policies
  }

  func forEachSchedule(
    pipeline: Int, microBatches: Int, _ visit: (PipelineSchedule, _ virtualStages: Int) -> Void
  ) {
    let wanted = wantedSchedules
    if allowed(1, constraints.virtualStages) {
      if pipeline == 1 {
        let order: [PipelineSchedule] = [.oneForwardOneBackward, .zeroBubble, .gpipe]
        if let schedule = order.first(where: wanted.contains) { visit(schedule, 1) }
      } else {
        for schedule in wanted where schedule != .interleaved { visit(schedule, 1) }
      }
    }
    guard pipeline > 1, microBatches % pipeline == 0, wanted.contains(.interleaved) else { return }
    let most = limits.nodes / pipeline
    func allows(_ chunks: Int) -> Bool {
      constraints.allowsUnevenChunks
        ? limits.chunks.hasOneOrder : limits.chunks.allows(chunks: pipeline * chunks)
    }
    if constraints.virtualStages.isEmpty {
      for chunks in stride(from: 2, through: most, by: 1) where allows(chunks) {
        visit(.interleaved, chunks)
      }
    } else {
      for chunks in constraints.virtualStages where chunks >= 2 && chunks <= most && allows(chunks)
      {
        visit(.interleaved, chunks)
      }
    }
  }

  /// What of the orders of ranks depends on how a layer is split alone.
  struct RankFreedom {
    fileprivate var cutsInVain: Bool
    fileprivate var mayLieApart: Bool
    fileprivate var allowsEveryOrder: Bool
  }

  func rankFreedom(_ split: LayerParallelism) -> RankFreedom {
    RankFreedom(
      cutsInVain: isInVain(split.microBatchSize, factorsInVain(split)),
      mayLieApart: mayLieApart(split), allowsEveryOrder: allowsEveryOrder(split))
  }

  /// Orders of ranks that the runtimes' rules allow, but for those in which they lie as in another, and
  /// those in which sequences are cut in vain.
  func rankOrders(_ freedom: RankFreedom, pipeline: Int, data: Int) -> [DeviceMesh.Order] {
    let isApart = pipeline > 1 && data > 1 && freedom.mayLieApart
    if freedom.cutsInVain { return isApart ? [.tensorContextPipelineData] : [] }
    if isApart { return wantedOrders }
    return pipeline == 1 || data == 1 || freedom.allowsEveryOrder ? firstOrder : usualOrder
  }

  /// Whether replicas that do not lie next to each other may be wanted, and lie otherwise than those that
  /// do.
  private func mayLieApart(_ split: LayerParallelism) -> Bool {
    wantedOrders.contains(.tensorContextPipelineData) && allowsEveryOrder(split)
      && !problem.pool.liesAlikeInEveryOrder(tensor: split.tensor, context: split.context)
  }

  private func allowsEveryOrder(_ split: LayerParallelism) -> Bool {
    split.zeroStage <= .optimizer
      && (limits.experts == 0 || split.expert == split.tensor * split.context)
  }

  func allowed<Value: Equatable>(_ value: Value, _ choices: [Value]) -> Bool {
    choices.isEmpty || choices.contains(value)
  }

  /// Divisors of a number in ascending order, or those of the choices that divide it.
  private static func divisors(of number: Int, _ choices: [Int]) -> [Int] {
    choices.isEmpty ? number.divisors : choices.filter { number % $0 == 0 }
  }
}

extension ZeroStage {
  /// The least stage under which a layer's passes cost the same.
  var representative: ZeroStage { self == .optimizer ? .none : self }
}
