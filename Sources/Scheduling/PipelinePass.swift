/// One pass of one micro-batch through one model chunk of a stage.
package struct PipelinePass: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case forward
    /// Input and weight gradients in one.
    case backward
    case backwardInput
    case backwardWeight
  }

  package var kind: Kind
  package var chunk: Int
  package var microBatch: Int
}

extension PipelineSchedule {
  /// The passes of one step at one stage, in the order in which the stage runs them.
  ///
  /// All but GPipe run their warm-up forwards, then alternate: one forward, one backward; when
  /// the forwards are used up, backwards only. ZB-H1 splits the backward pass; after the input
  /// gradient of micro-batch `k` comes the weight gradient of `k - stage`, and after the last
  /// input gradient all weight gradients that are left. The first stages thereby see their
  /// gradients early, and the last stages have weight gradients left to fill the final bubble
  /// (Qi et al. 2023, figure 2).
  ///
  /// Interleaved 1F1B sends micro-batches through the chunks in groups of `stages`: the first group
  /// through chunk 0, then chunk 1, …, then the next group; backward through the last chunk first
  /// (Narayanan et al. 2021, figure 4).
  ///
  /// Complexity: O(microBatches * chunksPerStage).
  package func passes(
    atStage stage: Int, stages: Int, chunksPerStage: Int = 1, microBatches: Int
  ) -> [PipelinePass] {
    let count = microBatches * chunksPerStage
    let warmUp = min(
      count,
      warmUpPasses(
        atStage: stage, stages: stages, chunksPerStage: chunksPerStage, microBatches: microBatches))
    let order = ChunkOrder(stages: stages, chunksPerStage: chunksPerStage)
    let delay = weightGradientDelay(atStage: stage)
    var passes: [PipelinePass] = []
    passes.reserveCapacity(count * (splitsBackward ? 3 : 2))
    for index in 0..<warmUp { passes.append(order.forward(index)) }
    for index in 0..<count {
      if warmUp + index < count { passes.append(order.forward(warmUp + index)) }
      passes.append(order.backward(index, splitsBackward ? .backwardInput : .backward))
      if splitsBackward && index >= delay {
        passes.append(order.backward(index - delay, .backwardWeight))
      }
    }
    if splitsBackward {
      for index in max(0, count - delay)..<count {
        passes.append(order.backward(index, .backwardWeight))
      }
    }
    return passes
  }
}

/// The `index`-th forward or backward pass of a stage, as a chunk and a micro-batch.
struct ChunkOrder {
  let stages: Int
  let chunksPerStage: Int

  func forward(_ index: Int) -> PipelinePass {
    PipelinePass(kind: .forward, chunk: turn(index), microBatch: microBatch(index))
  }

  func backward(_ index: Int, _ kind: PipelinePass.Kind) -> PipelinePass {
    PipelinePass(
      kind: kind, chunk: chunksPerStage - 1 - turn(index), microBatch: microBatch(index))
  }

  private func turn(_ index: Int) -> Int {
    chunksPerStage == 1 ? 0 : index % (stages * chunksPerStage) / stages
  }

  private func microBatch(_ index: Int) -> Int {
    if chunksPerStage == 1 { return index }
    return index / (stages * chunksPerStage) * stages + index % stages
  }
}
