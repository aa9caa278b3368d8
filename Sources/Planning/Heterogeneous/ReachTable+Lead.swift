import Scheduling

extension ReachTable {
  /// The most that a first chunk is of its stage.
  static func firstPart(_ seat: SeatCosts) -> Double {
    guard seat.fold.chunks > 1 else { return 1 }
    let (all, first) = (seat.workBefore, seat.firstWorkBefore)
    return (1..<all.count).reduce(0) { part, place in
      let own = first[place] - first[place - 1]
      return own > 0 ? max(part, own / (all[place] - all[place - 1])) : part
    }
  }

  /// The last layer to come after no more than so many blocks, from how many each comes after.
  static func lastAfter(_ blocksBefore: [Int]) -> [Int] {
    var last: [Int] = []
    for (node, count) in blocksBefore.enumerated() {
      while last.count <= count { last.append(last.last ?? node) }
      last[count] = node
    }
    return last
  }

  /// The least time that groups take for the first layers of the model.
  struct Lead {
    private let before: [Double]
    private let firstBefore: [Double]
    private let firstPart: Double
    private let byPrice: [Int]
    private let prices: [Double]
    private let backByPrice: [Int]
    private let backPrices: [Double]
    private let capacities: [Double]
    private let most: [Int]
    private let leastStages: Int
    private var left: [Double]
    /// Whole layers that a group of each class gets through, by how many stages come after it.
    private var whole: [[Int]]
    /// Groups that a pipeline may use: of those that cannot hold a layer of the most common kind, as many as
    /// there are other layers.
    private(set) var useful: [Int] = []
    private let lastAfter: [Int]
    private let ahead: Int
    /// The groups before cannot cover more layers than these.
    private(set) var latest = 0

    init(_ table: ReachTable, within seconds: Double) {
      before = table.seats[0].workBefore
      firstBefore = table.seats[0].firstWorkBefore
      firstPart = table.firstPart
      prices = table.prices
      byPrice = table.byPrice
      backPrices = table.backPrices
      backByPrice = table.backByPrice
      let each = seconds / Double(table.microBatches)
      // A hair more, so that n layers fit into n times one layer's time.
      capacities = table.classes.map { part in
        part.seats.reduce(0) { max($0, each / table.slowness[$1] * (1 + 1e-9)) }
      }
      most = table.classes.map(\.most)
      leastStages = table.leastStages
      left = capacities
      lastAfter = table.lastAfter
      ahead = table.whole.ahead
      whole = []
      let fewest = table.schedule.holdsByDepth ? fewestStages : 1
      let stages = min(table.deepest, most.reduce(0, +))
      // The first and the last place of a lap may stand for less than a block of every chunk.
      let others =
        table.fold.chunks == 1 ? table.nodes - table.blocksBefore[table.nodes] : Int.max
      whole = table.classes.map { part in
        (0..<(stages + 1)).map { after in
          let held = table.held(after + 1, of: fewest)
          return part.seats.reduce(0) {
            let overhead = table.seats[$1].plainTime(0, 0)
            return max($0, table.blocks[$1].layers(within: each - overhead, held: held))
          }
        }
      }
      useful = whole.indices.map { whole[$0][0] > 0 ? most[$0] : min(others, most[$0]) }
    }

    /// Stages that all layers take, each with as many as it could cover.
    var fewestStages: Int {
      var rest = before[before.count - 1]
      var stages = 0
      let (capacities, most) = (capacities, most)
      forEachAscending(capacities.count, by: { -capacities[$0] }) { index in
        let needed = (rest / max(capacities[index], .leastNormalMagnitude)).rounded(.up)
        let count = Int(min(needed, Double(most[index])))
        stages += count
        rest -= Double(count) * capacities[index]
        return rest > 0
      }
      return max(leastStages, stages)
    }

    /// Of these groups the layers after the ones asked for make use.
    mutating func set(_ counts: [Int], after stages: Int) {
      var layers = ahead
      for index in counts.indices {
        let free = most[index] - counts[index]
        left[index] = free > 0 ? Double(free) * capacities[index] : 0
        layers += free * whole[index][stages]
      }
      let sum = left.reduce(0, +)
      var (low, high) = (0, before.count - 1)
      while low < high {
        let middle = (low + high + 1) / 2
        if before[middle] <= sum { low = middle } else { high = middle - 1 }
      }
      latest = min(low, lastAfter[min(layers, lastAfter.count - 1)])
    }

    /// Of the layers from one on, there and back through these groups.
    func back(from node: Int, _ counts: [Int]) -> Double {
      var rest = before[before.count - 1] - before[node]
      var sum = 0.0
      for index in backByPrice where rest > 0 {
        let taken = min(rest, Double(counts[index]) * capacities[index])
        sum += taken * backPrices[index]
        rest -= taken
      }
      return sum
    }

    /// Of the layers before one, there and back through the groups that are left.
    func home(before node: Int) -> Double {
      var rest = before[node]
      var sum = 0.0
      for index in backByPrice where rest > 0 {
        let taken = min(rest, left[index])
        sum += taken * backPrices[index]
        rest -= taken
      }
      return sum
    }

    func seconds(before node: Int) -> Double {
      var rest = firstBefore[node]
      var sum = 0.0
      for index in byPrice where rest > 0 {
        let taken = min(rest, left[index] * firstPart)
        sum += taken * prices[index]
        rest -= taken
      }
      return sum
    }
  }
}
