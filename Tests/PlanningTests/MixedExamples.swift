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

/// Every pipeline over the pools: all shared degrees, all tensor degrees a pool, all orders of the
/// stages, all cuts; with several chunks a stage, all in which the chunks of a stage hold equally many blocks. Costed by prediction alone, with none of the search's tables and bounds.
struct EveryPipeline {
  let problem: ClusterProblem
  let constraints: SearchConstraints

  func best() -> (plan: MixedPlan, count: Int)? {
    var best: MixedPlan?
    var count = 0
    forEachBase { base in
      forEachTensor(base) { tensors in
        let groups = tensors.enumerated().map { pool, tensor in
          tensor == 0
            ? 0 : problem.cluster.pools[pool].gpus / (tensor * base.data * base.context)
        }
        forEachOrder(groups, []) { order in
          forEachCut(base, stages: order.count) { boundaries in
            guard let plan = plan(base, tensors, order, boundaries), plan.plan.fits else { return }
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
          for zero in space.choices.zeroStages(replicas: data * context) {
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

  private func forEachTensor(_ base: ParallelStrategy, _ visit: ([Int]) -> Void) {
    let space = MixedSpace(problem, constraints)
    let options = problem.pools.indices.map { pool -> [Int] in
      let tensors = space.choices.tensors[pool].filter { tensor in
        let group = tensor * base.context * base.data
        return group <= problem.cluster.pools[pool].gpus && group.isMultiple(of: base.expert)
          && space.choices.allowsSequence(tensor: tensor, context: base.context)
      }
      return tensors.isEmpty ? [0] : tensors
    }
    func choose(_ chosen: [Int]) {
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
    _ base: ParallelStrategy, _ tensors: [Int], _ order: [Int], _ boundaries: [Int]
  ) -> MixedPlan? {
    var base = base
    base.pipeline = order.count
    let lane = Lane(
      seats: order.map {
        StageSeat(
          pool: $0, tensor: tensors[$0], data: base.data, microBatchSize: base.microBatchSize)
      }, microBatches: base.microBatches)
    let strategy = MixedStrategy(base: base, lanes: [lane])
    let model = MixedModel(problem, strategy)
    var recomputed: [Int] = []
    for stage in order.indices {
      let seat = model.model(lane: 0, stage: stage).model
      let chunks = PipelineSplit(boundaries: boundaries, recomputed: [])
        .chunks(ofStage: stage, of: order.count)
      let all = chunks.reduce(0) { $0 + seat.table.recomputableLayers($1) }
      let most = base.recompute == .none ? 0 : all
      let fewest = base.recompute == .full ? 0 : most
      let limit = problem.pools[order[stage]].memoryLimit
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
