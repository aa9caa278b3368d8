extension PipelineSchedule {
  /// Forward passes that a stage runs before it alternates forward and backward.
  ///
  /// 1F1B (Narayanan et al. 2019) runs just enough to keep the later stages busy. Interleaved 1F1B
  /// (Narayanan et al. 2021) counts chunks; the numbers are Megatron-LM's.
  func warmUpPasses(atStage stage: Int, stages: Int, chunksPerStage: Int, microBatches: Int) -> Int
  {
    switch self {
    case .gpipe: microBatches
    case .oneForwardOneBackward, .zeroBubble: stages - 1 - stage
    case .interleaved: 2 * (stages - 1 - stage) + (chunksPerStage - 1) * stages
    }
  }

  /// Micro-batches by which a stage's weight gradients trail its input gradients.
  ///
  /// Zero for the schedules that compute both at once. In ZB-H1 the trail grows towards the last
  /// stage as fast as the warm-up shrinks, so that no stage holds more than the first.
  func weightGradientDelay(atStage stage: Int) -> Int {
    self == .zeroBubble ? stage : 0
  }

  /// The most micro-batches whose activations a stage holds at once, counted in model chunks where
  /// a stage has several (a chunk of a micro-batch holds that chunk's layers only).
  ///
  /// - GPipe: `m`.
  /// - 1F1B: `min(m, p - i)`.
  /// - Interleaved 1F1B: `min(m * v, 2 * (p - 1 - i) + (v - 1) * p + 1)`.
  /// - ZB-H1: `min(m, p)` at every stage. A micro-batch is held until its weight gradient is done;
  ///   the largest stage holds what 1F1B's first one does (Qi et al. 2023, table 1). Only
  ///   `inputGradientsInFlight` of them still await their backward pass.
  ///
  /// Complexity: O(1).
  package func inFlightMicroBatches(
    atStage stage: Int, stages: Int, chunksPerStage: Int = 1, microBatches: Int
  ) -> Int {
    precondition(stage >= 0 && stage < stages, "a stage of the pipeline")
    let warmUp = warmUpPasses(
      atStage: stage, stages: stages, chunksPerStage: chunksPerStage, microBatches: microBatches)
    let held = warmUp + 1 + weightGradientDelay(atStage: stage)
    return min(microBatches * chunksPerStage, held)
  }

  /// The most micro-batches of one of its chunks that a stage holds when it is at its fullest.
  ///
  /// Interleaved schedules run micro-batches in groups of p through a stage's chunks, so of `n`
  /// chunks in flight every p·v hold each chunk p times, and the rest fills chunk after chunk: no chunk
  /// is held more often than the one before it.
  ///
  /// Complexity: O(1).
  package func heldMicroBatches(
    ofChunk chunk: Int, atStage stage: Int, stages: Int, chunksPerStage: Int, microBatches: Int
  ) -> Int {
    let held = inFlightMicroBatches(
      atStage: stage, stages: stages, chunksPerStage: chunksPerStage, microBatches: microBatches)
    guard chunksPerStage > 1 else { return held }
    let (rounds, rest) = held.quotientAndRemainder(dividingBy: stages * chunksPerStage)
    return rounds * stages + min(stages, max(0, rest - chunk * stages))
  }

  /// The most micro-batches (model chunks where a stage has several) that have gone forward through
  /// a stage and whose input gradient is not computed yet. Differs from `inFlightMicroBatches` only
  /// where weight gradients trail.
  package func inputGradientsInFlight(
    atStage stage: Int, stages: Int, chunksPerStage: Int = 1, microBatches: Int
  ) -> Int {
    let warmUp = warmUpPasses(
      atStage: stage, stages: stages, chunksPerStage: chunksPerStage, microBatches: microBatches)
    return min(microBatches * chunksPerStage, warmUp + 1)
  }
}
