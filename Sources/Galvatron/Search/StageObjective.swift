/// What a step takes as a function of one stage's layers, their time N and exposure E:
///
///     max over pieces of (constant + slope · N) + max(tail, E − allowance)
struct StageObjective {
  struct Piece {
    var constant: Double
    /// Not negative.
    var slope: Double
  }

  var pieces: [Piece]
  /// What other stages make of the step's tail.
  var tail = 0.0
  /// Exposure that hides behind the stages before.
  var allowance = Double.infinity

  /// Only the stage's time.
  static let time = StageObjective(pieces: [Piece(constant: 0, slope: 1)])

  /// The stage's time and all that it exposes.
  static let syncedTime = StageObjective(
    pieces: [Piece(constant: 0, slope: 1)], allowance: 0)

  func value(time: Double, exposure: Double) -> Double {
    var value = -Double.infinity
    for piece in pieces { value = max(value, piece.constant + piece.slope * time) }
    return value + max(tail, exposure - allowance)
  }

  /// Linear functions of N and E that the objective is nowhere below: each piece, with a part of
  /// either side of the tail.
  var supports: [Support] {
    let parts = allowance.isFinite ? [0, 0.25, 0.5, 0.75, 1] : [0.0]
    return pieces.flatMap { piece in
      parts.map { part in
        Support(
          constant: piece.constant + (1 - part) * tail - (part > 0 ? part * allowance : 0),
          time: piece.slope, exposure: part)
      }
    }
  }

  struct Support {
    var constant: Double
    var time: Double
    var exposure: Double
  }
}
