import Quantities

/// How long each part of a pipeline works on one micro-batch, and how long the tensors between
/// neighbours travel.
///
/// A pipeline has `stages` stages of `chunksPerStage` model chunks each. Chunk `c` of stage `i` is
/// virtual stage `c * stages + i`: a micro-batch passes the virtual stages in order on its way
/// forward and in reverse on its way back. Every array is indexed by virtual stage or by boundary,
/// boundary `k` being the one between the virtual stages `k` and `k + 1`.
package struct PipelineTimes: Hashable, Sendable {
  package let stages: Int
  package let chunksPerStage: Int
  /// Forward pass.
  package let forward: [Seconds]
  /// Backward pass up to the gradient of the stage's input, recomputation included.
  package let backwardInput: [Seconds]
  /// Gradient of the stage's weights. Schedules that do not split the backward pass run it
  /// together with `backwardInput`.
  package let backwardWeight: [Seconds]
  /// The part of `backwardInput` that recomputes activations; the pass begins with it.
  package let recompute: [Seconds]
  /// From virtual stage `k` to `k + 1`.
  package let sendForward: [Seconds]
  /// From virtual stage `k + 1` back to `k`.
  package let sendBackward: [Seconds]
  /// Whether a stage waits until what it sends has arrived. Otherwise it goes on working; the
  /// tensors it sends in one direction then follow one another, so that a send longer than the
  /// work between two sends holds up the receiver.
  package let sendOccupiesSender: Bool

  /// - Precondition: `stages * chunksPerStage` entries for each pass, one less for each direction
  ///   of sending; all of them finite and not negative; `recompute` within `backwardInput`.
  package init(
    stages: Int, chunksPerStage: Int = 1,
    forward: [Seconds], backwardInput: [Seconds], backwardWeight: [Seconds],
    recompute: [Seconds]? = nil,
    sendForward: [Seconds]? = nil, sendBackward: [Seconds]? = nil,
    sendOccupiesSender: Bool = false
  ) {
    precondition(stages >= 1 && chunksPerStage >= 1, "a pipeline has a stage and a chunk")
    let virtualStages = stages * chunksPerStage
    self.stages = stages
    self.chunksPerStage = chunksPerStage
    self.forward = forward
    self.backwardInput = backwardInput
    self.backwardWeight = backwardWeight
    self.recompute = recompute ?? Array(repeating: .zero, count: virtualStages)
    self.sendForward = sendForward ?? Array(repeating: .zero, count: virtualStages - 1)
    self.sendBackward = sendBackward ?? Array(repeating: .zero, count: virtualStages - 1)
    self.sendOccupiesSender = sendOccupiesSender
    // One by one: a search makes many of these, and a list of them would be one more allocation.
    Self.require(forward, virtualStages)
    Self.require(backwardInput, virtualStages)
    Self.require(backwardWeight, virtualStages)
    Self.require(self.recompute, virtualStages)
    Self.require(self.sendForward, virtualStages - 1)
    Self.require(self.sendBackward, virtualStages - 1)
    for (part, whole) in zip(self.recompute, backwardInput) {
      precondition(part <= whole, "recomputation is part of the backward pass")
    }
  }

  private static func require(_ times: [Seconds], _ count: Int) {
    precondition(times.count == count, "one time for each virtual stage, or each boundary")
    for time in times {
      precondition(time.value >= 0 && time.value.isFinite, "passes and sends take a finite time")
    }
  }

  package var virtualStages: Int { stages * chunksPerStage }

  /// Virtual stage of a stage's model chunk.
  package func virtualStage(stage: Int, chunk: Int) -> Int { chunk * stages + stage }
}
