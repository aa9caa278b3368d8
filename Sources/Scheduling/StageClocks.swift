/// The clocks of every stage, and how passes move them, in both plays alike.
///
/// A value of pointers only: copied into a local it stays in registers throughout a loop.
struct StageClocks {
  private let stages: Int
  private let forward: UnsafeMutablePointer<PlayedTime>
  private let backward: UnsafeMutablePointer<PlayedTime>
  private let sendForward: UnsafeMutablePointer<PlayedTime>
  private let sendBackward: UnsafeMutablePointer<PlayedTime>
  /// When stage `i` is free.
  let free: UnsafeMutablePointer<PlayedTime>
  /// When the latest forward input of stage `i` arrived, which is also when the link to it is free.
  /// At `stages`, what the last stage sends.
  let forwardArrival: UnsafeMutablePointer<PlayedTime>
  /// When the latest gradient arrived at stage `i`. At -1, what the first stage sends.
  let backwardArrival: UnsafeMutablePointer<PlayedTime>

  init(_ durations: PassDurations) {
    stages = durations.stages
    forward = durations.forward
    backward = durations.backward
    sendForward = durations.sendForward
    sendBackward = durations.sendBackward
    forwardArrival = durations.clocks
    free = durations.clocks + (stages + 1)
    backwardArrival = durations.clocks + (2 * stages + 2)
  }

  /// All but the two that no pass sets: what arrives at the first stage, and gradients at the last.
  var live: UnsafeMutableBufferPointer<PlayedTime> {
    UnsafeMutableBufferPointer(start: forwardArrival + 1, count: 3 * stages)
  }

  /// - Parameter chunk: virtual stage of the chunk at stage 0.
  @inline(__always)
  func runForward(_ stage: Int, chunk: Int) {
    let end = later(free[stage], forwardArrival[stage]) + forward[chunk + stage]
    let sent = later(end, forwardArrival[stage + 1]) + sendForward[chunk + stage]
    forwardArrival[stage + 1] = sent
    free[stage] = end
  }

  @inline(__always)
  func runBackward(_ stage: Int, chunk: Int) {
    let end = later(free[stage], backwardArrival[stage]) + backward[chunk + stage]
    let sent = later(end, backwardArrival[stage - 1]) + sendBackward[chunk + stage]
    backwardArrival[stage - 1] = sent
    free[stage] = end
  }

  /// `pointwiseMax` as one instruction: the standard library's also orders what cannot occur here.
  @inline(__always)
  private func later(_ a: PlayedTime, _ b: PlayedTime) -> PlayedTime {
    a.replacing(with: b, where: a .< b)
  }
}
