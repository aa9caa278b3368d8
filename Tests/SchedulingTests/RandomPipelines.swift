import Quantities

@testable import Scheduling

/// A small generator with a seed, so that a failing case can be run again.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: Int) { state = UInt64(seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A schedule, a pipeline that it can run, and a number of micro-batches.
struct PipelineCase: CustomStringConvertible {
  let seed: Int
  let schedule: PipelineSchedule
  let times: PipelineTimes
  let microBatches: Int

  var description: String {
    "seed \(seed): \(schedule.rawValue), p \(times.stages), v \(times.chunksPerStage), "
      + "m \(microBatches), sends occupy \(times.sendOccupiesSender)"
  }

  /// Unequal stages; sends of all sizes from none to longer than any pass; some passes take no
  /// time, some pipelines have one stage or one micro-batch.
  init(seed: Int, schedule: PipelineSchedule, largestStages: Int = 9, mostMicroBatches: Int = 60) {
    var random = SplitMix64(seed: seed)
    let interleaves = schedule == .interleaved
    let stages = Int.random(in: (interleaves ? 2 : 1)...largestStages, using: &random)
    let chunks = interleaves ? Int.random(in: 2...4, using: &random) : 1
    let groups = max(1, mostMicroBatches / stages)
    microBatches =
      interleaves
      ? stages * Int.random(in: 1...groups, using: &random)
      : Int.random(in: 1...mostMicroBatches, using: &random)
    self.seed = seed
    self.schedule = schedule
    times = Self.times(stages: stages, chunks: chunks, using: &random)
  }

  private static func times(
    stages: Int, chunks: Int, using random: inout SplitMix64
  ) -> PipelineTimes {
    let count = stages * chunks
    let scale = [1e-6, 1e-3, 1, 1e4].randomElement(using: &random)!
    // Few distinct values make ties, many make none.
    let steps = [1, 3, 1_000_000].randomElement(using: &random)!
    func some(_ count: Int, _ factor: Double) -> [Seconds] {
      (0..<count).map { _ in
        Seconds(Double(Int.random(in: 0...steps, using: &random)) / Double(steps) * factor * scale)
      }
    }
    let sendFactor = [0, 0.01, 0.3, 3].randomElement(using: &random)!
    let backwardInput = some(count, 2)
    return PipelineTimes(
      stages: stages, chunksPerStage: chunks, forward: some(count, 1),
      backwardInput: backwardInput, backwardWeight: some(count, 1.2),
      recompute: backwardInput.map { $0 * Double.random(in: 0...1, using: &random) },
      sendForward: some(count - 1, sendFactor), sendBackward: some(count - 1, sendFactor),
      sendOccupiesSender: Bool.random(using: &random))
  }
}

extension PipelineTimes {
  /// Every stage alike.
  static func equal(
    stages: Int, chunksPerStage: Int = 1, forward: Double, backwardInput: Double,
    backwardWeight: Double, send: Double = 0
  ) -> PipelineTimes {
    let count = stages * chunksPerStage
    func all(_ time: Double, _ count: Int) -> [Seconds] {
      Array(repeating: Seconds(time), count: count)
    }
    return PipelineTimes(
      stages: stages, chunksPerStage: chunksPerStage, forward: all(forward, count),
      backwardInput: all(backwardInput, count), backwardWeight: all(backwardWeight, count),
      sendForward: all(send, count - 1), sendBackward: all(send, count - 1))
  }
}

func isClose(_ a: Double, _ b: Double, tolerance: Double = 1e-12) -> Bool {
  abs(a - b) <= tolerance * max(abs(a), abs(b))
}
