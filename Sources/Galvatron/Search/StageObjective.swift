/// What a step takes as a function of one stage's layers, their time N and exposure E:
///
///     max over lines of (constant + slope · N) + max(tail, E − allowance)
struct StageObjective {
  var constants: SIMD3<Double>
  /// Not negative.
  var slopes: SIMD3<Double>
  /// What other stages make of the step's tail.
  var tail = 0.0
  /// Exposure that hides behind the stages before.
  var allowance = Double.infinity

  /// Only the stage's time.
  static let time = StageObjective(constants: .zero, slopes: SIMD3(repeating: 1))

  /// The stage's time and all that it exposes.
  static let syncedTime = StageObjective(
    constants: .zero, slopes: SIMD3(repeating: 1), allowance: 0)

  func value(time: Double, exposure: Double) -> Double {
    (constants + slopes * time).max() + max(tail, exposure - allowance)
  }

  /// Linear functions of N and E that the objective is nowhere below: each line, with a part of either
  /// side of the tail.
  var supports: [Support] {
    let parts = allowance.isFinite ? [0, 0.25, 0.5, 0.75, 1] : [0.0]
    return (0..<3).filter { isNew($0) }.flatMap { line in
      parts.map { part in
        Support(
          constant: constants[line] + (1 - part) * tail - (part > 0 ? part * allowance : 0),
          weights: StageWeights(time: slopes[line], exposure: part))
      }
    }
  }

  /// No line before is the same.
  private func isNew(_ line: Int) -> Bool {
    !(0..<line).contains { constants[$0] == constants[line] && slopes[$0] == slopes[line] }
  }

  struct Support {
    var constant: Double
    var weights: StageWeights
  }
}
