extension ReachTable {
  /// The first of the last stages, and what comes after it.
  struct Stage {
    let seat: SeatCosts
    let chains: UnsafePointer<StageChains>
    /// Those that go home through the stages before, and the weight gradients that these leave out.
    let home: UnsafePointer<StageChains>?
    let trailing: Double
    let round: Double
    let end: Int
    let nodes: Int
    let held: HeldBatches
    /// Layers that it has at least.
    let fewest: Int
    /// What the pipeline may take.
    let seconds: Double
    /// Whether the seat has time for one of the layers from `end` on.
    let holdsLater: Bool

    /// The first layer that the stage can begin with; nil if it cannot hold one, or not begin before
    /// `most`.
    func start(before most: Int, _ lead: Lead, guess: inout Int) -> Int? {
      // A tied head is free of its copy only where the embedding is: not a matter of fewer layers.
      if end == nodes, isPossible(0, lead) { return 0 }
      let latest = min(end - fewest, lead.latest, most - 1)
      var start = min(max(0, end - guess), latest)
      if start >= 0, isPossible(start, lead) {
        while start > 0, isPossible(start - 1, lead) { start -= 1 }
      } else {
        repeat { start += 1 } while start <= latest && !isPossible(start, lead)
        if start > latest {
          // It may still begin later, and end later than the others can begin, with a lesser layer.
          return holdsLater && end < min(nodes, most) && lead.latest >= end ? end : nil
        }
      }
      guess = end - start
      return start
    }

    private func isPossible(_ start: Int, _ lead: Lead) -> Bool {
      let forward = seat.forwardTime(start, end)
      var longest = chains.pointee.longest(
        within: seconds - lead.seconds(before: start), forward: forward, round: round)
      if let home {
        let rest = seconds - lead.home(before: start) + trailing * seat.weightTime(start, end)
        longest = min(longest, home.pointee.longest(within: rest, forward: forward, round: round))
      }
      return seat.time(start, end, held: held, isWithin: longest)
    }
  }
}
