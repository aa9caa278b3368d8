import Quantities

extension PipelineSchedule {
  /// A time that playing a step cannot undercut; equal to the played one where all stages are equal
  /// and sends are free.
  ///
  /// The greatest of these, each true of every schedule here unless it says otherwise:
  /// - *Work of stage i.* Its first forward begins after the forwards and sends before it, then it
  ///   works `m (F + B + W)`, and after its last input gradient the earlier stages still run their
  ///   part of the last backward, each followed by the weight gradients that are left to it.
  /// - *Link of stage i* (sends beside the work). All its tensors cross it one after another; the
  ///   first must get there and the last must go on.
  /// - *Round trips of stage i* (1F1B, ZB-H1). Forward `k + p - i` waits for backward `k`, so of
  ///   every `p - i` micro-batches one goes all the way to the end and back before the next of
  ///   them starts. This is what makes sends costly in 1F1B.
  /// - GPipe is a flow shop, whose makespan is a closed form: that is its bound.
  ///
  /// Complexity: O(virtual stages), without allocation.
  package func lowerBound(_ times: PipelineTimes, microBatches: Int) -> Seconds {
    let bound = StepBound(times, microBatches: microBatches, splitsBackward: splitsBackward)
    switch self {
    case .gpipe: return Seconds(bound.flowShop())
    case .oneForwardOneBackward, .zeroBubble: return Seconds(bound.oneChunk())
    case .interleaved: return Seconds(bound.interleaved())
    }
  }
}

private struct StepBound {
  let times: PipelineTimes
  let microBatches: Int
  let splitsBackward: Bool

  init(_ times: PipelineTimes, microBatches: Int, splitsBackward: Bool) {
    self.times = times
    self.microBatches = microBatches
    self.splitsBackward = splitsBackward
  }

  private var m: Double { Double(microBatches) }

  private func forward(_ k: Int) -> Double { times.forward[k].value }

  /// Up to the gradient that is sent back.
  private func backward(_ k: Int) -> Double {
    times.backwardInput[k].value + (splitsBackward ? 0 : times.backwardWeight[k].value)
  }

  private func weight(_ k: Int) -> Double {
    splitsBackward ? times.backwardWeight[k].value : 0
  }

  /// Sends across the boundary after virtual stage `k`; none after the last.
  private func sendForward(_ k: Int) -> Double {
    k < times.sendForward.count ? times.sendForward[k].value : 0
  }

  private func sendBackward(_ k: Int) -> Double {
    k < times.sendBackward.count ? times.sendBackward[k].value : 0
  }

  /// Send of virtual stage `k`'s gradient to the one before; none from the first.
  private func sendHome(_ k: Int) -> Double { k > 0 ? sendBackward(k - 1) : 0 }

  /// Time for which a stage is not free: passes, and sends where they occupy it.
  private func occupation(_ k: Int) -> (forward: Double, backward: Double) {
    guard times.sendOccupiesSender else { return (forward(k), backward(k)) }
    return (forward(k) + sendForward(k), backward(k) + sendHome(k))
  }

  func flowShop() -> Double {
    var (sum, slowestForward, slowestBackward) = (0.0, 0.0, 0.0)
    for k in 0..<times.stages {
      let occupied = occupation(k)
      sum += forward(k) + backward(k) + sendForward(k) + sendBackward(k)
      slowestForward = max(slowestForward, occupied.forward, sendForward(k))
      slowestBackward = max(slowestBackward, occupied.backward, sendBackward(k))
    }
    return sum + (m - 1) * (slowestForward + slowestBackward)
  }

  func interleaved() -> Double {
    let trip = wholeTrip()
    var (head, tail, bound) = (0.0, 0.0, trip.forward + trip.backward)
    for stage in 0..<times.stages {
      var (work, ahead, back) = (0.0, 0.0, 0.0)
      for k in stride(from: stage, to: times.virtualStages, by: times.stages) {
        let occupied = occupation(k)
        work += occupied.forward + occupied.backward
        ahead += sendForward(k)
        back += sendHome(k)
      }
      // The last gradient's send is on the way home, not before it.
      let hidden = times.sendOccupiesSender ? sendHome(stage) : 0
      bound = max(bound, head + m * work - hidden + tail)
      if !times.sendOccupiesSender {
        bound = max(bound, head + forward(stage) + m * ahead + trip.backward)
        bound = max(bound, trip.forward + m * back + tail - sendHome(stage))
      }
      head += forward(stage) + sendForward(stage)
      tail += backward(stage) + sendBackward(stage)
    }
    return bound
  }

  func oneChunk() -> Double {
    let trip = wholeTrip()
    let wholeTrip = trip.forward + trip.backward
    var roundTrip = wholeTrip
    // Before a stage's first forward begins; after its last input gradient is computed.
    var (head, tail, bound) = (0.0, 0.0, 0.0)
    for stage in 0..<times.stages {
      let occupied = occupation(stage)
      let home = times.sendOccupiesSender ? sendHome(stage) : 0
      let weightsLeft = min(stage, microBatches - 1) + 1
      tail = max(tail, home + Double(weightsLeft) * weight(stage))

      let weightsDone = Double(microBatches - weightsLeft) * weight(stage)
      let work = m * (occupied.forward + occupied.backward) - home + weightsDone
      bound = max(bound, head + work + tail)

      let inFlight = times.stages - stage
      let returns = (microBatches - 1) / inFlight
      let others = Double(microBatches - 1 - returns * inFlight)
      // Between a gradient and the forward that waited for it, from the stage-th gradient on.
      let weightsBetween = max(0, returns - (stage + inFlight - 1) / inFlight)
      let trips =
        Double(returns + 1) * roundTrip + Double(returns) * home
        + Double(weightsBetween) * weight(stage) + others * occupied.backward
      bound = max(bound, head + trips + tail)

      if !times.sendOccupiesSender {
        let slowest = max(sendForward(stage), sendBackward(stage))
        bound = max(bound, wholeTrip + (m - 1) * slowest)
      }
      head += forward(stage) + sendForward(stage)
      roundTrip -= forward(stage) + backward(stage) + sendForward(stage) + sendBackward(stage)
      tail += backward(stage) + sendBackward(stage)
    }
    return bound
  }

  /// One micro-batch through every virtual stage, alone.
  private func wholeTrip() -> (forward: Double, backward: Double) {
    var (ahead, back) = (0.0, 0.0)
    for k in 0..<times.virtualStages {
      ahead += forward(k) + sendForward(k)
      back += backward(k) + sendBackward(k)
    }
    return (ahead, back)
  }
}
