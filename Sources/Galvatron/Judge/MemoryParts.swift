/// What a stage holds, in MB (2^20 bytes), by what it is; rounding and the gather buffer left out.
package struct MemoryParts: Hashable, Sendable {
  package var weights = 0.0
  package var gradients = 0.0
  package var optimizer = 0.0
  package var activations = 0.0
}

extension Judge {
  /// The judge's states taken apart: of 16 bytes a parameter in mixed precision 2 are weights and 12
  /// the optimizer's, of 16 in 32 bits 4 and 8; the rest are gradients, in what form ever.
  package func memoryParts(_ plan: LayerwisePlan, stage: Int) -> MemoryParts {
    var parts = MemoryParts()
    for strategy in plan.layers[plan.stageRanges[stage]] {
      let whole = 4 * job.layerParameters / Double(strategy.tensorDegree)
      add(states: whole, strategy, to: &parts)
      parts.activations += layerActivations(strategy, stage: stage)
    }
    let end: MeasuredJob.EndMemory? =
      stages == 1
      ? job.onlyStage : stage == 0 ? job.firstStage : stage == stages - 1 ? job.lastStage : nil
    if let end {
      let embedding = plan.embedding
      add(states: end.states[embedding.tensorDegree]!, embedding, to: &parts)
      parts.activations +=
        end.activations[embedding.degree]!
        * Double(inFlight(stage: stage) * samples(embedding))
    }
    return parts
  }

  private func add(states whole: Double, _ strategy: LayerStrategy, to parts: inout MemoryParts) {
    let kind = sharding(strategy)
    let r = kind == .ddp ? 1 : 1 / Double(shards(strategy)) + 0.003
    let weights =
      whole * (job.run.usesMixedPrecision ? 1.0 / 8 : 1.0 / 4) * (kind == .zero3 ? r : 1)
    let optimizer = whole * (job.run.usesMixedPrecision ? 6.0 / 8 : 2.0 / 4) * r
    parts.weights += weights
    parts.optimizer += optimizer
    parts.gradients += max(0, whole * stateFraction(strategy) - weights - optimizer)
  }
}
