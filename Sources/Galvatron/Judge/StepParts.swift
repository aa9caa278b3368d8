/// The judged step by cause, seen from the first stage; the parts add up to the step.
package struct StepParts: Hashable, Sendable {
  package var compute = 0.0
  package var recompute = 0.0
  /// Exchanges of hidden states among the GPUs of a sample.
  package var exchange = 0.0
  /// Sends between stages.
  package var pipeline = 0.0
  package var bubble = 0.0
  /// Gathers of sharded weights and reductions of gradients.
  package var data = 0.0
}

extension Judge {
  /// Complexity: O(layers).
  package func parts(_ plan: LayerwisePlan, _ verdict: Verdict) -> StepParts {
    var parts = StepParts()
    let repeats = Double(microBatches)
    parts.compute = endTime(plan.embedding).withoutSync[0] * repeats
    for strategy in plan.layers[plan.stageRanges[0]] {
      let time = layerTime(strategy)
      parts.compute += 3 * time.kernels * repeats
      if strategy.recomputes { parts.recompute += time.kernels * repeats }
      parts.exchange += time.exchange * repeats
      parts.pipeline += time.send * repeats
      parts.data += time.gather * repeats
    }
    parts.data += PipelineTime.tail(verdict.stageSeconds, verdict.syncedStageSeconds)
    let own = parts.compute + parts.recompute + parts.exchange + parts.pipeline + parts.data
    parts.bubble = max(0, verdict.seconds - own)
    return parts
  }
}
