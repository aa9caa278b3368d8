import Costing
import Hardware
import Quantities
import Workload

/// Estimates by the analytic cost model.
package struct AnalyticEstimates: ProfileEstimates {
  private let costs: CostModel

  package init(_ costs: CostModel) {
    self.costs = costs
  }

  package func forward(sequenceLength: Int) -> TimeLaw {
    law(sequenceLength) { $0 == .transformerBlock }
  }

  package func endForward(sequenceLength: Int) -> TimeLaw {
    law(sequenceLength) { $0 != .transformerBlock }
  }

  /// Through one and two samples. Layers are alike, so one of each kind counts.
  private func law(_ sequenceLength: Int, _ belongs: (Layer.Kind) -> Bool) -> TimeLaw {
    var job = costs.job
    job.sequenceLength = sequenceLength
    let model = CostModel(
      graph: costs.graph, pool: costs.pool, job: job, parameters: costs.parameters)
    func milliseconds(_ samples: Int) -> Double {
      let found = model.layerCosts(LayerParallelism(microBatchSize: samples))
      return zip(costs.graph.kinds, found).reduce(0) { sum, pair in
        belongs(pair.0.kind) ? sum + pair.1.forward.total.value * 1000 : sum
      }
    }
    let (one, two) = (milliseconds(1), milliseconds(2))
    return TimeLaw(perSample: two - one, constant: max(0, 2 * one - two))
  }

  package func layerMemory(
    degrees: [Int], sequenceParallel: Bool
  ) -> MemoryProfile.LayerMemory {
    let block = costs.graph.kinds.firstIndex { $0.kind == .transformerBlock } ?? 0
    var memory = MemoryProfile.LayerMemory(
      parameters: Self.megabytes(costs.graph.kinds[block].parameters * 4), activations: [:],
      recomputed: 0)
    for degree in degrees {
      let cost = cost(degree, sequenceParallel)[block]
      memory.activations[degree] = cost.activations.mebibytes
      if degree == 1 { memory.recomputed = cost.fullActivations.mebibytes }
    }
    return memory
  }

  package func endMemory(
    degrees: [Int], sequenceParallel: Bool
  ) -> (only: MeasuredJob.EndMemory, first: MeasuredJob.EndMemory, last: MeasuredJob.EndMemory) {
    func end(_ belongs: (Layer.Kind) -> Bool, copiesTable: Bool) -> MeasuredJob.EndMemory {
      var end = MeasuredJob.EndMemory(states: [:], activations: [:])
      for degree in degrees {
        let costs = cost(degree, sequenceParallel)
        var (states, activations) = (0.0, 0.0)
        for (kind, cost) in zip(self.costs.graph.kinds, costs) {
          let isTable = copiesTable && kind.kind == .embedding && self.costs.graph.tiesEmbeddings
          // Weights, gradients and two moments of four bytes.
          if belongs(kind.kind) || isTable { states += cost.parameters * 16 }
          if belongs(kind.kind) { activations += (cost.activations + cost.transient).value }
        }
        end.states[degree] = states / 0x1p20
        end.activations[degree] = activations / 0x1p20
      }
      return end
    }
    return (
      end({ $0 != .transformerBlock }, copiesTable: false),
      end({ $0 == .embedding }, copiesTable: false),
      end({ $0 == .finalNorm || $0 == .head }, copiesTable: true)
    )
  }

  private func cost(_ degree: Int, _ sequenceParallel: Bool) -> [LayerCost] {
    costs.layerCosts(
      LayerParallelism(tensor: degree, sequenceParallel: sequenceParallel && degree > 1))
  }

  /// Of a large message: 2(g − 1)/g of its bytes cross each GPU's link.
  package func bandwidth(group: Int, isStrided: Bool) -> Double {
    let size = ByteCount.mebi(256)
    let collectives = costs.collectives(
      isStrided
        ? LayerParallelism(tensor: costs.pool.gpus / group, data: group)
        : LayerParallelism(tensor: group))
    let time = collectives.allReduce(size, isStrided ? .data : .tensor)
    let g = Double(group)
    return 2 * (g - 1) / g * size.mebibytes / (time.value * 1000)
  }

  package func bandwidth(stages: Int) -> Double {
    let size = ByteCount.mebi(64)
    let collectives = costs.collectives(LayerParallelism(tensor: costs.pool.gpus / stages))
    var slowest = Seconds.zero
    for stage in 0..<(stages - 1) {
      slowest = max(slowest, collectives.send(size, fromStage: stage, toStage: stage + 1))
    }
    return size.mebibytes / (slowest.value * 1000)
  }

  package func allReduce(group: Int) -> MessageTimes {
    let collectives = costs.collectives(LayerParallelism(tensor: group))
    return line { collectives.allReduce($0, .tensor) }
  }

  /// Each GPU sends as much as it would in an all-gather.
  package func allToAll(group: Int) -> MessageTimes {
    let collectives = costs.collectives(LayerParallelism(tensor: group))
    return line { collectives.shard($0, .tensor) }
  }

  private func line(_ time: (ByteCount) -> Seconds) -> MessageTimes {
    let (small, large) = (time(.mebi(1)).value * 1000, time(.mebi(1024)).value * 1000)
    let slope = (large - small) / 1023
    return MessageTimes(perMegabyte: slope, constant: max(0, small - slope))
  }

  private static func megabytes(_ bytes: Int) -> Double { Double(bytes) / 0x1p20 }
}
