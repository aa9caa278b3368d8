import Costing
import Hardware
import Quantities
import Scheduling
import Workload

/// Everything about one mixed strategy that does not depend on where the pipeline is cut.
///
/// Each seat is costed by the model of the strategy that all stages would have if they were like it,
/// at the seat's own position: with equal seats that is the homogeneous prediction itself.
struct MixedModel {
  let problem: ClusterProblem
  let strategy: MixedStrategy
  /// Models of the distinct seats.
  private(set) var models: [SeatModel] = []
  /// By lane and stage, the index of the seat's model.
  private(set) var modelOfSeat: [[Int]] = []
  /// By lane and stage, how many stages of the lane's kind lie before it on its pool.
  private var placeOnPool: [[Int]] = []

  struct SeatModel {
    /// Costs layers, with groups that may reach into other pools.
    let model: StrategyModel
    /// Costs sends between neighbours on the pool.
    let sender: StrategyModel
    let pool: Int
  }

  init(_ problem: ClusterProblem, _ strategy: MixedStrategy, tables: SeatTables? = nil) {
    self.problem = problem
    self.strategy = strategy
    var known: [SeatKey: Int] = [:]
    for lane in strategy.lanes {
      var indices: [Int] = []
      var places: [Int] = []
      for (stage, seat) in lane.seats.enumerated() {
        let parallel = strategy.strategy(of: lane, stage: stage)
        let crosses = strategy.lanes.contains { $0.seats[stage].pool != seat.pool }
        // Where other stages lie between replicas, these reach as much farther.
        let home =
          crosses
          ? strategy.gpus(ofStage: stage, onPool: seat.pool)
            * parallel.layerParallelism.stagesBetweenReplicas : nil
        let key = SeatKey(
          pool: seat.pool, home: seat.home ?? home, isSplit: seat.home != nil, data: seat.data,
          strategy: parallel)
        if let index = known[key] {
          indices.append(index)
        } else {
          known[key] = models.count
          indices.append(models.count)
          models.append(Self.model(key, problem, tables))
        }
        let before = lane.seats[..<stage].reduce(0) {
          $0 + ($1.pool == seat.pool ? strategy.gpus($1) : 0)
        }
        places.append(before / strategy.gpus(seat))
      }
      modelOfSeat.append(indices)
      placeOnPool.append(places)
    }
  }

  private struct SeatKey: Hashable {
    var pool: Int
    var home: Int?
    /// Not even one replica is on the pool with all its GPUs.
    var isSplit: Bool
    var data: Int
    var strategy: ParallelStrategy
  }

  private static func model(
    _ key: SeatKey, _ problem: ClusterProblem, _ tables: SeatTables?
  ) -> SeatModel {
    let own = problem.pools[key.pool]
    guard let home = key.home else {
      let model = StrategyModel(
        own, key.strategy, table: tables?.table(key.strategy.layerParallelism, pool: key.pool))
      return SeatModel(model: model, sender: model, pool: key.pool)
    }
    let reaching =
      tables?.pool(key.pool, reachingBeyond: home)
      ?? problem.pool(key.pool, reachingBeyond: home)
    var alone = key.strategy
    alone.data = key.data
    let parallelism = key.strategy.layerParallelism
    if key.isSplit {
      let model = StrategyModel(reaching, key.strategy)
      return SeatModel(model: model, sender: model, pool: key.pool)
    }
    // Only groups of experts reach beyond the pool with every layer, and sharded weights.
    let table =
      parallelism.expert == 1 && parallelism.zeroStage != .weights
      ? tables?.table(parallelism, pool: key.pool) : nil
    let model = StrategyModel(reaching, key.strategy, table: table)
    return SeatModel(
      model: model, sender: StrategyModel(own, alone, table: model.table), pool: key.pool)
  }

  /// The model of a lane's stage.
  func model(lane: Int, stage: Int) -> SeatModel { models[modelOfSeat[lane][stage]] }

  /// Seconds that a tensor travels from a virtual stage to the next, cut at node `cut`.
  func sendTime(lane: Int, afterVirtualStage index: Int, cut: Int) -> Seconds {
    let (stage, next) = (index % strategy.stages, (index + 1) % strategy.stages)
    let (from, to) = (model(lane: lane, stage: stage), model(lane: lane, stage: next))
    if from.pool == to.pool {
      let place = placeOnPool[lane][stage]
      return from.sender.sendTime(
        fromStage: place, toStage: next > stage ? place + 1 : placeOnPool[lane][next], cut: cut)
    }
    let (bandwidth, latency) = problem.link(from: from.pool, to: to.pool)
    return max(from.bytes(at: cut), to.bytes(at: cut)) / bandwidth + latency
  }
}

extension MixedModel.SeatModel {
  /// What one GPU sends or receives of a micro-batch.
  func bytes(at cut: Int) -> ByteCount {
    model.problem.costs.boundaryBytes(at: cut, model.parallelism)
  }
}

extension MixedStrategy {
  /// GPUs of one pool that a stage has, over all lanes.
  func gpus(ofStage stage: Int, onPool pool: Int) -> Int {
    lanes.reduce(0) { sum, lane in
      let seat = lane.seats[stage]
      return sum + (seat.pool == pool ? seat.home.map { $0 * seat.data } ?? gpus(seat) : 0)
    }
  }
}
