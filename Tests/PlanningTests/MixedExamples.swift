import Costing
import Hardware
import Quantities
import Scheduling
import Workload

@testable import Planning

extension Cluster {
  /// Pools of `nodes` x `gpusPerNode` x type.
  static func example(
    _ parts: [(accelerator: String, nodes: Int, gpusPerNode: Int)], memory: ByteCount? = nil
  ) -> Cluster {
    var first = 0
    let pools = parts.map { part -> Pool in
      guard let chip = AcceleratorCatalogue.standard.accelerator(named: part.accelerator),
        let pool = try? Pool.make(
          accelerator: chip, gpusPerNode: part.gpusPerNode, nodes: part.nodes, firstNode: first,
          memory: memory)
      else { preconditionFailure("\(part.accelerator) is in the catalogue") }
      first += part.nodes
      return pool
    }
    guard let cluster = try? Cluster.joining(pools) else {
      preconditionFailure("the pools go together")
    }
    return cluster
  }
}

extension DecoderExample {
  static let llama7B = DecoderExample(
    name: "llama-7b", layers: 32, hidden: 4096, heads: 32, keyValueHeads: 32,
    feedForward: 11008, vocabulary: 32000, isGated: true)

  func problem(
    on cluster: Cluster, batch: Int, sequence: Int, precision: Precision = .bf16
  ) -> ClusterProblem {
    ClusterProblem(
      graph: graph, cluster: cluster,
      job: TrainingJob(
        globalBatchSize: batch, sequenceLength: sequence, precision: precision),
      parameters: .published, memoryHeadroomFraction: 0.05)
  }
}

extension LayerGraph {
  /// With four small experts in each block.
  var withExperts: LayerGraph {
    var graph = self
    for kind in graph.kinds.indices where graph.kinds[kind].kind == .transformerBlock {
      graph.kinds[kind].operators += [
        Operator("exchange", .expertExchange(width: 1024, active: 1), sharding: .sequence),
        Operator(
          "experts", .expertProduct(inputs: 1024, outputs: 1024, experts: 4, active: 1),
          sharding: .experts, parameters: 4 << 20),
      ]
    }
    return graph
  }
}

/// Every pipeline over the pools: all shared degrees, all ways to split each pool, all orders of
/// the stages, all cuts; with several chunks a stage, all in which the chunks of a stage hold equally many
/// blocks. Costed by prediction alone, with none of the search's tables and bounds.
struct EveryPipeline {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  /// Those for which some pools replicate stages more often than others; the others otherwise.
  var partsBatches = false
  /// All layers follow the policy, and not as few as fit.
  var recomputesAll = false

  func best() -> (plan: MixedPlan, count: Int)? {
    var best: MixedPlan?
    var count = 0
    forEachFitting { plan in
      count += 1
      if best.map({ plan.plan.prediction.step < $0.plan.prediction.step }) ?? true { best = plan }
    }
    return best.map { ($0, count) }
  }

  func forEachFitting(_ visit: (MixedPlan) -> Void) {
    forEachBase { base in
      forEachSplit(base) { splits in
        let parts = Set(splits.compactMap { $0?.parts })
        guard !partsBatches || parts.contains(1) && parts.count > 1 else { return }
        forEachOrder(splits.map { $0?.groups ?? 0 }, []) { order in
          let seats = order.map { pool in
            StageSeat(
              pool: pool, tensor: splits[pool]!.tensor, data: base.data * splits[pool]!.parts,
              microBatchSize: base.microBatchSize / splits[pool]!.parts)
          }
          guard BaseChoices.allows(order.count, constraints.pipeline) else { return }
          forEachCut(base, stages: order.count) { boundaries in
            guard let plan = plan(base, seats, boundaries), plan.plan.fits else { return }
            visit(plan)
          }
        }
      }
    }
  }

  /// What all stages share, in a fixed order; tensor degrees are still open.
  private func forEachBase(_ visit: (ParallelStrategy) -> Void) {
    let space = MixedSpace(problem, constraints)
    var base = ParallelStrategy()
    base.sequenceParallel = space.choices.sequenceParallel
    for context in space.choices.contexts {
      base.context = context
      for data in space.choices.datas(context: context) {
        base.data = data
        for size in space.choices.microBatchSizes(data: data) {
          base.microBatchSize = size
          base.microBatches = problem.job.globalBatchSize / data / size
          for zero in space.choices.zeroStages(replicas: partsBatches ? .max : data * context) {
            base.zeroStage = zero
            for recompute in space.choices.recompute {
              base.recompute = recompute
              for expert in space.choices.experts {
                base.expert = expert
                for schedule in constraints.schedule {
                  base.schedule = schedule
                  for chunks in schedule == .interleaved ? 2...problem.graph.nodes.count : 1...1 {
                    base.virtualStages = chunks
                    visit(base)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// One way to split each pool, or none.
  private func forEachSplit(_ base: ParallelStrategy, _ visit: ([MixedSpace.Split?]) -> Void) {
    let parts = (1...base.microBatchSize).filter {
      (partsBatches || $0 == 1) && base.microBatchSize % $0 == 0
    }
    let choices = MixedSpace(problem, constraints).choices
    let options = problem.cluster.pools.enumerated().map { pool, own -> [MixedSpace.Split?] in
      let splits = choices.tensors[pool].flatMap { tensor in
        parts.compactMap { parts -> MixedSpace.Split? in
          let group = tensor * base.context * base.data * parts
          guard group <= own.gpus, group % base.expert == 0,
            choices.allowsSequence(tensor: tensor, context: base.context)
          else { return nil }
          return MixedSpace.Split(tensor: tensor, parts: parts, groups: own.gpus / group)
        }
      }
      return splits.isEmpty ? [nil] : splits
    }
    func choose(_ chosen: [MixedSpace.Split?]) {
      guard chosen.count < options.count else { return visit(chosen) }
      for option in options[chosen.count] { choose(chosen + [option]) }
    }
    choose([])
  }

  private func forEachOrder(_ left: [Int], _ order: [Int], _ visit: ([Int]) -> Void) {
    if !order.isEmpty { visit(order) }
    for pool in left.indices where left[pool] > 0 {
      var rest = left
      rest[pool] -= 1
      forEachOrder(rest, order + [pool], visit)
    }
  }

  private func forEachCut(_ base: ParallelStrategy, stages: Int, _ visit: ([Int]) -> Void) {
    let (chunks, nodes) = (base.virtualStages, problem.graph.nodes.count)
    guard chunks > 1 else { return forEachCut(nodes, parts: stages, visit) }
    guard stages > 1, base.microBatches % stages == 0 else { return }
    let blocks = ChunkLayout(problem.graph).blocks
    // What stands for blocks is before or after them.
    let (before, after) = (blocks.lowerBound > 0, blocks.upperBound < nodes)
    for (leading, trailing) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    where (before || leading == 0) && (after || trailing == 0) {
      let all = blocks.count + leading + trailing
      guard all % chunks == 0, all / chunks >= stages else { continue }
      let lap = all / chunks
      forEachCut(lap, parts: stages) { cut in
        guard lap - cut[stages - 1] >= trailing else { return }
        let starts = (0..<chunks).flatMap { chunk in
          cut.dropLast().map { blocks.lowerBound + chunk * lap + $0 - leading }
        }
        visit([0] + starts.dropFirst() + [nodes])
      }
    }
  }

  private func forEachCut(_ nodes: Int, parts: Int, _ visit: ([Int]) -> Void) {
    func extend(_ boundaries: [Int]) {
      if boundaries.count == parts { return visit(boundaries + [nodes]) }
      let last = boundaries[boundaries.count - 1]
      guard last + 1 < nodes else { return }
      for next in (last + 1)..<nodes { extend(boundaries + [next]) }
    }
    if parts <= nodes { extend([0]) }
  }

  private func plan(
    _ base: ParallelStrategy, _ seats: [StageSeat], _ boundaries: [Int]
  ) -> MixedPlan? {
    var base = base
    base.pipeline = seats.count
    let lane = Lane(seats: seats, microBatches: base.microBatches)
    let strategy = MixedStrategy(base: base, lanes: [lane])
    let model = MixedModel(problem, strategy)
    var recomputed: [Int] = []
    for stage in seats.indices {
      let seat = model.model(lane: 0, stage: stage).model
      let chunks = PipelineSplit(boundaries: boundaries, recomputed: [])
        .chunks(ofStage: stage, of: seats.count)
      let all = chunks.reduce(0) { $0 + seat.table.recomputableLayers($1) }
      let most = base.recompute == .none ? 0 : all
      let fewest = base.recompute == .full && !recomputesAll ? 0 : most
      let limit = problem.pools[seats[stage].pool].memoryLimit
      guard
        let least = (fewest...most).first(where: {
          seat.memory(stage: stage, chunks: chunks, recomputed: $0).total <= limit
        })
      else { return nil }
      recomputed.append(least)
    }
    return MixedPlan(
      problem, strategy, PipelineSplit(boundaries: boundaries, recomputed: recomputed))
  }
}

/// All data parallelism over unequal replicas, each a pipeline on one pool, as many as the pool holds: all cuts,
/// all sharings, all layers under the policy.
struct EverySharing {
  let problem: ClusterProblem
  let constraints: SearchConstraints

  func forEachFitting(_ visit: (MixedPlan) -> Void) {
    let space = MixedSpace(problem, constraints)
    let (pools, nodes) = (problem.cluster.pools, problem.graph.nodes.count)
    for context in space.choices.contexts {
      for tensor in Set(space.choices.tensors.joined()).sorted() {
        for depth in 1...nodes where BaseChoices.allows(depth, constraints.pipeline) {
          for subset in 1..<(1 << pools.count) where subset & (subset - 1) != 0 {
            let used = pools.indices.filter { subset >> $0 & 1 == 1 }
            let replicas = used.map { pools[$0].gpus / (tensor * context * depth) }
            guard replicas.allSatisfy({ $0 > 0 }),
              used.allSatisfy({ space.choices.tensors[$0].contains(tensor) })
            else { continue }
            for size in space.choices.microBatchSizes(data: 1) {
              let count = problem.job.globalBatchSize / size
              forEachSharing(count, replicas) { shares in
                for schedule in constraints.schedule {
                  for zero in constraints.zeroStage
                  where zero <= .optimizer || Set(shares).count == 1 {
                    for recompute in space.choices.recompute {
                      for expert in space.choices.experts
                      where (tensor * context * replicas.reduce(0, +)).isMultiple(of: expert) {
                        let base = ParallelStrategy(
                          pipeline: depth, tensor: tensor, context: context, expert: expert,
                          microBatchSize: size, zeroStage: zero, sequenceParallel: tensor > 1,
                          recompute: recompute, schedule: schedule)
                        forEachPlan(base, used, replicas, shares, nodes, visit)
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private func forEachSharing(_ count: Int, _ replicas: [Int], _ visit: ([Int]) -> Void) {
    func share(_ chosen: [Int], _ left: Int) {
      guard chosen.count < replicas.count else { return left == 0 ? visit(chosen) : () }
      let each = replicas[chosen.count]
      for own in stride(from: 1, through: left / each, by: 1) {
        share(chosen + [own], left - own * each)
      }
    }
    share([], count)
  }

  private func forEachPlan(
    _ base: ParallelStrategy, _ pools: [Int], _ replicas: [Int], _ shares: [Int], _ nodes: Int,
    _ visit: (MixedPlan) -> Void
  ) {
    let lanes = pools.indices.map { index in
      let seat = StageSeat(
        pool: pools[index], tensor: base.tensor, data: replicas[index],
        microBatchSize: base.microBatchSize)
      return Lane(
        seats: Array(repeating: seat, count: base.pipeline), microBatches: shares[index])
    }
    let strategy = MixedStrategy(base: base, lanes: lanes)
    let canRecompute = problem.graph.nodes.map {
      problem.graph.kinds[$0.kind].kind == .transformerBlock
    }
    func cut(_ boundaries: [Int]) {
      guard boundaries.count < base.pipeline else {
        let whole = boundaries + [nodes]
        let recomputed = (0..<base.pipeline).map { stage in
          base.recompute == .none
            ? 0 : (whole[stage]..<whole[stage + 1]).count { canRecompute[$0] }
        }
        let plan = MixedPlan(
          problem, strategy, PipelineSplit(boundaries: whole, recomputed: recomputed))
        return plan.plan.fits ? visit(plan) : ()
      }
      for next in stride(from: boundaries.last! + 1, to: nodes, by: 1) { cut(boundaries + [next]) }
    }
    cut([0])
  }
}
