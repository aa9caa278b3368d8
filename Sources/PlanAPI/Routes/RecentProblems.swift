import Costing
import Hardware
import Planning
import Quantities
import Workload

/// The problems of recent requests, with what their layers cost under the splits that were met, so that
/// another request for the same model on the same GPUs works out only what is new of it.
///
/// A problem is known again by all that its costs follow from: the model, the pool, the parameters, and the
/// job but for its global batch. Nothing else is kept of a request, and the same request has the same answer
/// whether or not there were others before it.
package final class RecentProblems: @unchecked Sendable {
  package struct Statistics: Hashable, Sendable {
    /// Problems that were known.
    package var hits = 0
    package var misses = 0
    package var entries = 0
    package var bytes = 0
  }

  private struct Key: Hashable {
    var graph: LayerGraph
    var pool: Pool
    /// With no global batch and no length of the whole training.
    var job: TrainingJob
    var parameters: CostParameters

    /// Of what mostly tells problems apart: all of it would take as long as making one.
    func hash(into hasher: inout Hasher) {
      hasher.combine(graph.name)
      hasher.combine(graph.nodes.count)
      hasher.combine(pool.accelerator.id)
      hasher.combine(pool.nodeNames.count)
      hasher.combine(job.sequenceLength)
    }
  }

  private struct Entry {
    var problem: PlanningProblem
    var costs: KeptCosts
  }

  private let entryLimit: Int
  private let bytesOfEach: Int
  private let lock = Lock()
  // Under the lock:
  private var recent = RecentUse<Key, Entry>()
  private var counts = Statistics()

  /// - Parameters:
  ///   - entries: Problems that are kept.
  ///   - bytesOfEach: Bytes of costs that each keeps at most.
  package init(entries: Int = 16, bytesOfEach: Int = 2 << 20) {
    entryLimit = entries
    self.bytesOfEach = bytesOfEach
  }

  package var statistics: Statistics {
    lock.whileLocked {
      var now = counts
      now.entries = recent.count
      recent.forEach { now.bytes += $0.costs.bytes }
      return now
    }
  }

  /// The problem, on GPUs of which a part of the memory stays free.
  func problem(
    _ graph: LayerGraph, _ pool: Pool, _ job: TrainingJob, _ parameters: CostParameters,
    memoryHeadroomFraction: Double
  ) -> PlanningProblem {
    var key = Key(graph: graph, pool: pool, job: job, parameters: parameters)
    key.job.globalBatchSize = 0
    key.job.totalTokens = nil
    let known = lock.whileLocked {
      let known = recent.use(key)
      if known == nil { counts.misses += 1 } else { counts.hits += 1 }
      return known
    }
    if let known {
      return known.problem.with(
        globalBatchSize: job.globalBatchSize,
        memoryLimit: pool.memory * (1 - memoryHeadroomFraction))
    }
    let costs = KeptCosts(capacity: bytesOfEach)
    let problem = PlanningProblem(
      graph: graph, pool: pool, job: job, parameters: parameters,
      memoryHeadroomFraction: memoryHeadroomFraction
    ).cutAtDownSets().keeping(costs)
    lock.whileLocked {
      // Two may have made it at the same time.
      guard recent.use(key) == nil else { return }
      recent.insert(Entry(problem: problem, costs: costs), for: key)
      if recent.count > entryLimit { _ = recent.removeOldest() }
    }
    return problem
  }
}

/// What layers of one problem cost under the splits that were met, up to some bytes.
private final class KeptCosts: SliceStore, @unchecked Sendable {
  private let capacity: Int
  private let lock = Lock()
  // Under the lock:
  private var slices: [Split: StrategySlice] = [:]
  private var tables: [Split: StageTable] = [:]
  private var size = 0

  init(capacity: Int) { self.capacity = capacity }

  /// A search looks up some hundred: hashing all fields would take as long as what is found saves.
  private struct Split: Hashable {
    var split: LayerParallelism
    var includesGathers = false

    func hash(into hasher: inout Hasher) {
      hasher.combine(
        (((split.microBatchSize &* 31 &+ split.context) &* 31 &+ split.tensor) &* 31 &+ split.data)
          &* 31 &+ split.expert &* 4 &+ split.zeroStage.rawValue)
    }
  }

  var bytes: Int { lock.whileLocked { size } }

  func slice(
    _ split: LayerParallelism, includesGathers: Bool, _ make: () -> StrategySlice
  ) -> StrategySlice {
    let key = Split(split: split, includesGathers: includesGathers)
    if let known = lock.whileLocked({ slices[key] }) { return known }
    let made = make()
    lock.whileLocked {
      guard size + made.bytes <= capacity, slices.updateValue(made, forKey: key) == nil
      else { return }
      size += made.bytes
    }
    return made
  }

  func table(_ split: LayerParallelism, _ make: () -> StageTable) -> StageTable {
    let key = Split(split: split)
    if let known = lock.whileLocked({ tables[key] }) { return known }
    let made = make()
    lock.whileLocked {
      guard size + made.bytes <= capacity, tables.updateValue(made, forKey: key) == nil
      else { return }
      size += made.bytes
    }
    return made
  }
}
