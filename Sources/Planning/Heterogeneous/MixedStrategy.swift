/// A strategy whose stages need not be alike: each sits on a pool with its own degrees, and replicas
/// need not see equally many micro-batches.
///
/// A *lane* is a number of equal replicas of the whole pipeline. One lane whose stages lie on
/// different pools is a pipeline over unequal GPUs; several lanes are data parallelism over unequal
/// replicas. All lanes cut the model at the same layers, so that each stage reduces its gradients
/// over one group, and split a stage over equally many tensor-parallel ranks. With one lane on one
/// pool this is a `ParallelStrategy` and no more.
package struct MixedStrategy: Hashable, Sendable {
  /// What all stages share. Its degrees of tensor and data parallelism and its micro-batches are
  /// those of the first stage of the first lane.
  package var base: ParallelStrategy
  package var lanes: [Lane]

  package init(base: ParallelStrategy, lanes: [Lane]) {
    precondition(
      !lanes.isEmpty && lanes.allSatisfy { $0.seats.count == base.pipeline },
      "every lane has a seat for each stage")
    self.base = base
    self.lanes = lanes
    let seat = lanes[0].seats[0]
    self.base.tensor = seat.tensor
    self.base.data = lanes.reduce(0) { $0 + $1.seats[0].data }
    self.base.microBatchSize = seat.microBatchSize
    self.base.microBatches = lanes.reduce(0) { max($0, $1.microBatches) }
    self.base.sequenceParallel =
      base.sequenceParallel && lanes.contains { $0.seats.contains { $0.tensor > 1 } }
  }

  /// All stages of one strategy on one pool.
  package init(_ strategy: ParallelStrategy, pool: Int) {
    let seat = StageSeat(
      pool: pool, tensor: strategy.tensor, data: strategy.data,
      microBatchSize: strategy.microBatchSize)
    self.init(
      base: strategy,
      lanes: [
        Lane(
          seats: Array(repeating: seat, count: strategy.pipeline),
          microBatches: strategy.microBatches)
      ])
  }

  package var stages: Int { base.pipeline }

  /// GPUs that one lane has at a stage.
  package func gpus(_ seat: StageSeat) -> Int { seat.tensor * base.context * seat.data }

  package func gpus(onPool pool: Int) -> Int {
    lanes.reduce(0) { sum, lane in
      lane.seats.reduce(sum) { $0 + ($1.pool == pool ? gpus($1) : 0) }
    }
  }

  /// On which any stage lies.
  var pools: Set<Int> { Set(lanes.flatMap(\.seats).map(\.pool)) }

  package var gpus: Int {
    lanes.reduce(0) { sum, lane in lane.seats.reduce(sum) { $0 + gpus($1) } }
  }

  package func data(ofStage stage: Int) -> Int {
    lanes.reduce(0) { $0 + $1.seats[stage].data }
  }

  /// Micro-batches that each replica of a stage runs in a step, replica by replica.
  package func microBatchShares(ofStage stage: Int) -> [Int] {
    lanes.flatMap { Array(repeating: $0.microBatches, count: $0.seats[stage].data) }
  }

  /// The strategy that a seat would have if all of the pipeline were like it.
  func strategy(of lane: Lane, stage: Int) -> ParallelStrategy {
    let seat = lane.seats[stage]
    var strategy = base
    strategy.tensor = seat.tensor
    strategy.data = data(ofStage: stage)
    strategy.microBatchSize = seat.microBatchSize
    strategy.microBatches = lane.microBatches
    strategy.sequenceParallel = base.sequenceParallel && seat.tensor > 1
    return strategy
  }
}

/// Equal replicas of a pipeline that run equally many micro-batches.
package struct Lane: Hashable, Sendable {
  package var seats: [StageSeat]
  /// Of each replica, in a step.
  package var microBatches: Int

  package init(seats: [StageSeat], microBatches: Int) {
    self.seats = seats
    self.microBatches = microBatches
  }
}

/// Where one stage of a lane runs, and over how many GPUs.
package struct StageSeat: Hashable, Sendable {
  package var pool: Int
  /// Of each replica's GPUs, those on the pool where the others are on faster nodes of its kind, which
  /// wait for them; nil where all are on the pool.
  package var home: Int?
  package var tensor: Int
  /// Replicas of the lane.
  package var data: Int
  /// Sequences of one micro-batch on one replica. Where stages of a lane differ in `data`, these
  /// differ too: a micro-batch of the lane is `data · microBatchSize` sequences at every stage.
  package var microBatchSize: Int

  package init(pool: Int, home: Int? = nil, tensor: Int, data: Int, microBatchSize: Int) {
    self.pool = pool
    self.home = home
    self.tensor = tensor
    self.data = data
    self.microBatchSize = microBatchSize
  }
}
