import Quantities

/// Rounds times to multiples of a power of two, coarse enough that sums of them are exact.
///
/// Playing a schedule only adds times and takes maxima. When every time is a multiple of the same
/// power of two and no sum needs more than 53 bits, each addition is exact: whatever order the
/// events are worked out in, the result is the same to the last bit. The grid is about 2^-51 of the
/// makespan, so rounding moves the makespan by at most about 2^-52 for each pass and send on the
/// longest path.
struct TimeGrid {
  /// 1.5 * 2^52 grid steps: adding it leaves no bits below the grid.
  private let magic: Double

  /// A grid on which sums up to twice `longest` are exact.
  init(longest: Double) {
    let usable = longest > 0x1p-900 && longest < 0x1p900
    magic = usable ? Double(sign: .plus, exponent: longest.exponent + 1, significand: 1.5) : 0
  }

  /// A grid for playing `microBatches` through a pipeline.
  ///
  /// No schedule here takes longer than `(m v + p) (F + B + W + sends)`, the longest of each: with
  /// every stage as slow as the slowest and each pass followed by the longest send, a step takes
  /// `m v + p - 1` such rounds.
  init(_ times: PipelineTimes, microBatches: Int) {
    let parts =
      Self.longest(times.forward) + Self.longest(times.backwardInput)
      + Self.longest(times.backwardWeight) + Self.longest(times.sendForward)
      + Self.longest(times.sendBackward)
    let rounds = microBatches * times.chunksPerStage + times.stages
    self.init(longest: Double(rounds) * parts)
  }

  @inline(__always)
  func rounded(_ time: Seconds) -> Double { (time.value + magic) - magic }

  private static func longest(_ times: [Seconds]) -> Double {
    var longest = 0.0
    for time in times { longest = max(longest, time.value) }
    return longest
  }
}
