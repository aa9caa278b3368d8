import Quantities

/// The times of a pipeline as one schedule runs them, on an exact grid, in one flat buffer that also
/// holds the clocks of the player. To be deallocated by its owner.
///
/// Where a send occupies its sender it is part of the pass that sends, and nothing else travels.
/// Where the schedule does not split the backward pass, the weight gradient is part of it.
struct PassDurations {
  let stages: Int
  let virtualStages: Int
  /// By virtual stage.
  let forward: UnsafeMutablePointer<Double>
  let backward: UnsafeMutablePointer<Double>
  let weight: UnsafeMutablePointer<Double>
  /// From virtual stage `k` to the next; zero for the last.
  let sendForward: UnsafeMutablePointer<Double>
  /// From virtual stage `k` to the one before; zero for the first.
  let sendBackward: UnsafeMutablePointer<Double>
  /// The player's clocks, and room for a copy of them.
  let clocks: UnsafeMutablePointer<Double>
  let anchor: UnsafeMutablePointer<Double>
  private let clockCount: Int
  private let splitsBackward: Bool
  private let grid: TimeGrid

  init(_ times: PipelineTimes, schedule: PipelineSchedule, grid: TimeGrid) {
    stages = times.stages
    virtualStages = times.virtualStages
    splitsBackward = schedule.splitsBackward
    self.grid = grid
    clockCount = 3 * stages + 2
    let room = UnsafeMutablePointer<Double>.allocate(
      capacity: 5 * virtualStages + 2 * clockCount)
    forward = room
    backward = room + virtualStages
    weight = room + 2 * virtualStages
    sendForward = room + 3 * virtualStages
    sendBackward = room + 4 * virtualStages
    clocks = room + 5 * virtualStages
    anchor = clocks + clockCount
    fill(from: times, withSends: true)
  }

  func deallocate() { forward.deallocate() }

  func resetClocks() { clocks.update(repeating: 0, count: clockCount) }

  /// Makes sends take no time, whether they occupied their sender or not.
  /// - Returns: whether any took some.
  func freeSends(of times: PipelineTimes) -> Bool {
    guard
      times.sendForward.contains(where: { $0 > .zero })
        || times.sendBackward.contains(where: { $0 > .zero })
    else { return false }
    fill(from: times, withSends: false)
    return true
  }

  private func fill(from times: PipelineTimes, withSends: Bool) {
    let last = virtualStages - 1
    for k in 0...last {
      var f = grid.rounded(times.forward[k])
      var b = grid.rounded(times.backwardInput[k])
      let w = grid.rounded(times.backwardWeight[k])
      var ahead = withSends && k < last ? grid.rounded(times.sendForward[k]) : 0
      var back = withSends && k > 0 ? grid.rounded(times.sendBackward[k - 1]) : 0
      if !splitsBackward { b += w }
      if times.sendOccupiesSender { (f, b, ahead, back) = (f + ahead, b + back, 0, 0) }
      forward[k] = f
      backward[k] = b
      weight[k] = splitsBackward ? w : 0
      sendForward[k] = ahead
      sendBackward[k] = back
    }
  }

  /// What each stage computes in one step. Sends must be free.
  func busy(microBatches: Int) -> [Seconds] {
    (0..<stages).map { stage in
      var sum = 0.0
      for k in stride(from: stage, to: virtualStages, by: stages) {
        sum += forward[k] + backward[k] + weight[k]
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
