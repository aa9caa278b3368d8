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

/// Every pipeline over the pools: all shared degrees, all ways to split each pool, all orders of
/// the stages, all cuts; with several chunks a stage, all in which the chunks of a stage hold equally many blocks. Costed by prediction alone, with none of the search's tables and bounds.
struct EveryPipeline {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  /// Those for which some pools replicate stages more often than others; the others otherwise.
  var partsBatches = false

  func best() -> (plan: MixedPlan, count: Int)? {
    var best: MixedPlan?
    var count = 0
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
          forEachCut(base, stages: order.count) { boundaries in
            guard let plan = plan(base, seats, boundaries), plan.plan.fits else { return }
            count += 1
            if best.map({ plan.plan.prediction.step < $0.plan.prediction.step }) ?? true {
              best = plan
            }
          }
        }
      }
    }
    return best.map { ($0, count) }
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
      let fewest = base.recompute == .full ? 0 : most
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
