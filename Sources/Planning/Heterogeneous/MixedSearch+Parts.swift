/// Two searchers for what is open of one search: one takes every other of the nodes that are next, and goes on from
/// there beside the other, until both are one again. Neither learns of the other before, so that what they come to
/// does not depend on which is faster.
extension MixedSearch {
  /// Where what nodes refer to lies in one searcher, by where it lies in another.
  struct Moves {
    var bases: [Int: Int] = [:]
    var slices: [Int: Int] = [:]
    var places: [Int32: Int32] = [:]

    var reversed: Moves {
      func reversed<Place: Hashable>(_ moves: [Place: Place]) -> [Place: Place] {
        Dictionary(uniqueKeysWithValues: moves.map { ($1, $0) })
      }
      return Moves(
        bases: reversed(bases), slices: reversed(slices), places: reversed(places))
    }
  }

  /// What a searcher was given by the one that it is a part of: all effort that is left, so that both together may
  /// use more than that by no more than a round takes.
  struct Share {
    var tries: Int
    var entries: Int
    var choices: Int
    /// The least bound of what that one could not walk to the end.
    var settled: Double
    /// Of what the part refers to, where it lies in the whole.
    var origins = Moves()
  }

  /// Nodes that are shared out at most: more than a round looks at.
  private static let shared = 64

  /// Takes a part of what is open out of the search; nil if there is too little.
  ///
  /// - Parameter tables: Beside the search's own.
  func split(_ tables: SearchTables) -> MixedSearch? {
    guard heap.count > 1 else { return nil }
    let part = MixedSearch(of: self, tables)
    var (own, moves) = ([OpenNode](), Moves())
    for index in 0..<Self.shared {
      guard let next = heap.popMin() else { break }
      if index.isMultiple(of: 2) {
        own.append(next)
      } else {
        part.insert(part.moved(nodes[next.node], from: self, &moves), next.bound)
      }
    }
    for next in own { heap.insert(next) }
    part.share?.origins = moves.reversed
    return part
  }

  /// Takes back what was split off, and all that came of it.
  func absorb(_ part: MixedSearch) {
    guard let share = part.share else { return }
    var moves = share.origins
    for next in part.heap.unordered {
      insert(moved(part.nodes[next.node], from: part, &moves), next.bound)
    }
    for next in part.postponed {
      nodes.append(moved(part.nodes[next.node], from: part, &moves))
      postponed.append(OpenNode(bound: next.bound, node: nodes.count - 1))
    }
    for (node, bound, best) in part.unwalked {
      unwalked.append((moved(node, from: part, &moves), bound, best))
    }
    for plan in part.found { keep(plan) }
    considered += part.considered
    excluded += part.excluded
    unfinished = min(unfinished, part.unfinished)
    statesFilled += part.statesFilled
    triesLeft = max(0, triesLeft - (share.tries - part.triesLeft))
    entriesLeft = max(0, entriesLeft - (share.entries - part.entriesLeft))
    choicesLeft = max(0, choicesLeft - (share.choices - part.choicesLeft))
    seats.merge(part.seats) { own, _ in own }
  }

  private func insert(_ node: Node, _ bound: Double) {
    nodes.append(node)
    heap.insert(OpenNode(bound: bound, node: nodes.count - 1))
  }

  /// A node of another searcher as one of this.
  private func moved(_ node: Node, from other: MixedSearch, _ moves: inout Moves) -> Node {
    var own = node
    own.base = moves.bases[node.base] ?? added(other.bases[node.base], from: other, &moves)
    moves.bases[node.base] = own.base
    own.places = node.places.map { place in
      guard place >= 0 else { return place }
      if let known = moves.places[place] { return known }
      places.append(other.places[Int(place)])
      let added = Int32(places.count - 1)
      moves.places[place] = added
      return added
    }
    return own
  }

  private func added(_ base: Base, from other: MixedSearch, _ moves: inout Moves) -> Int {
    var own = base
    if base.slice >= 0 {
      if let known = moves.slices[base.slice] {
        own.slice = known
      } else {
        sliceRates.append(other.sliceRates[base.slice])
        own.slice = sliceRates.count - 1
        moves.slices[base.slice] = own.slice
      }
    }
    bases.append(own)
    return bases.count - 1
  }
}
