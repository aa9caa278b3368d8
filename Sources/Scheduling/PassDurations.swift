import Quantities

/// A time in two plays of the same schedule at once: with the sends as they are (`x`), and with sends
/// that take none (`y`).
typealias PlayedTime = SIMD2<Double>

/// The times of a pipeline as one schedule runs them, on an exact grid, in one flat buffer that also
/// holds the clocks of the player. To be deallocated by its owner.
///
/// Where a send occupies its sender it is part of the pass that sends, and nothing else travels.
/// Where the schedule does not split the backward pass, the weight gradient is part of it.
struct PassDurations {
  let stages: Int
  let virtualStages: Int
  /// By virtual stage.
  let forward: UnsafeMutablePointer<PlayedTime>
  let backward: UnsafeMutablePointer<PlayedTime>
  let weight: UnsafeMutablePointer<PlayedTime>
  /// From virtual stage `k` to the next; zero for the last.
  let sendForward: UnsafeMutablePointer<PlayedTime>
  /// From virtual stage `k` to the one before; zero for the first.
  let sendBackward: UnsafeMutablePointer<PlayedTime>
  /// The player's clocks, and room for a copy of them.
  let clocks: UnsafeMutablePointer<PlayedTime>
  let anchor: UnsafeMutablePointer<PlayedTime>
  private let clockCount: Int
  private let splitsBackward: Bool
  private let grid: TimeGrid

  init(_ times: PipelineTimes, schedule: PipelineSchedule, grid: TimeGrid) {
    stages = times.stages
    virtualStages = times.virtualStages
    splitsBackward = schedule.splitsBackward
    self.grid = grid
    clockCount = 3 * stages + 2
    let room = UnsafeMutablePointer<PlayedTime>.allocate(
      capacity: 5 * virtualStages + 2 * clockCount)
    forward = room
    backward = room + virtualStages
    weight = room + 2 * virtualStages
    sendForward = room + 3 * virtualStages
    sendBackward = room + 4 * virtualStages
    clocks = room + 5 * virtualStages
    anchor = clocks + clockCount
    fill(from: times)
  }

  func deallocate() { forward.deallocate() }

  func resetClocks() { clocks.update(repeating: .zero, count: clockCount) }

  private func fill(from times: PipelineTimes) {
    let last = virtualStages - 1
    for k in 0...last {
      var f = PlayedTime(repeating: grid.rounded(times.forward[k]))
      var b = PlayedTime(repeating: grid.rounded(times.backwardInput[k]))
      let w = PlayedTime(repeating: grid.rounded(times.backwardWeight[k]))
      var ahead = PlayedTime(k < last ? grid.rounded(times.sendForward[k]) : 0, 0)
      var back = PlayedTime(k > 0 ? grid.rounded(times.sendBackward[k - 1]) : 0, 0)
      if !splitsBackward { b += w }
      if times.sendOccupiesSender { (f, b, ahead, back) = (f + ahead, b + back, .zero, .zero) }
      forward[k] = f
      backward[k] = b
      weight[k] = splitsBackward ? w : .zero
      sendForward[k] = ahead
      sendBackward[k] = back
    }
  }

  /// What each stage computes in one step.
  func busy(microBatches: Int) -> [Seconds] {
    (0..<stages).map { stage in
      var sum = 0.0
      for k in stride(from: stage, to: virtualStages, by: stages) {
        sum += forward[k].y + backward[k].y + weight[k].y
      }
      return Seconds(sum * Double(microBatches))
    }
  }

  /// What each stage recomputes in one step.
  func recompute(_ times: PipelineTimes, microBatches: Int) -> [Seconds] {
    (0..<stages).map { stage in
      var sum = 0.0
      for k in stride(from: stage, to: virtualStages, by: stages) {
        sum += grid.rounded(times.recompute[k])
      }
      return Seconds(sum * Double(microBatches))
    }
  }
}
