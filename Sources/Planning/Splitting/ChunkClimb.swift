/// Moves single layers between the chunks of an interleaved pipeline as long as the step gets shorter.
struct ChunkClimb {
  private let costs: SplitCosts
  private var left: Int
  private(set) var best: PipelineSplit?
  private(set) var seconds = Double.infinity

  /// - Parameter plays: Of layouts, that it may take.
  init(_ costs: SplitCosts, plays: Int) {
    self.costs = costs
    left = plays
  }

  /// Takes a layout for the best so far, if it is.
  mutating func start(_ boundaries: [Int]) { _ = improves(boundaries) }

  /// To a layout that no move improves, or as far as the plays reach.
  mutating func run() {
    while let best, left > 0 {
      guard
        moves(best.boundaries.count - 1).contains(where: { from, to in
          moved(best.boundaries, from: from, to: to).map { improves($0) } ?? false
        })
      else { return }
    }
  }

  /// Between neighbours, and to and from the ends of the model: what is uneven by itself stands there.
  private func moves(_ chunks: Int) -> [(from: Int, to: Int)] {
    let last = chunks - 1
    var moves: [(from: Int, to: Int)] = []
    for from in 0..<chunks {
      for to in 0..<chunks where to != from {
        if abs(from - to) == 1 || from % last == 0 || to % last == 0 { moves.append((from, to)) }
      }
    }
    return moves
  }

  /// All chunks between the two shift by a layer; nil where one would be left empty.
  private func moved(_ boundaries: [Int], from: Int, to: Int) -> [Int]? {
    guard boundaries[from + 1] - boundaries[from] > 1 else { return nil }
    var moved = boundaries
    if from < to {
      for index in (from + 1)...to { moved[index] -= 1 }
    } else {
      for index in (to + 1)...from { moved[index] += 1 }
    }
    return moved
  }

  private mutating func improves(_ boundaries: [Int]) -> Bool {
    guard left > 0 else { return false }
    left -= 1
    guard let split = costs.leastRecomputed(boundaries) else { return false }
    let played = costs.played(split)
    guard played < seconds * (1 - SplitSearch.tolerance) else { return false }
    (best, seconds) = (split, played)
    return true
  }
}
