/// Galvatron's cost model (github.com/PKU-DAIR/Hetu-Galvatron, version of commit cea12ff), term by
/// term, so that plans of either planner can be compared by one judge. It is followed where it is
/// odd, too; `PlayedEstimate` says what a plan really takes.
///
/// Symbols as there: `B` the global batch, `C` the micro-batches of a step, a sample's GPUs `t`, the
/// replicas `dp` = GPUs of a stage / t, samples of a micro-batch on one replica ⌊B / C / dp⌋.
package struct Judge: Hashable, Sendable {
  package let job: MeasuredJob
  package let globalBatchSize: Int
  package let microBatches: Int
  /// Pipeline stages.
  package let stages: Int

  /// - Precondition: at least one GPU for every stage.
  package init(_ job: MeasuredJob, globalBatchSize: Int, microBatches: Int, stages: Int) {
    precondition(stages >= 1 && job.gpus >= stages, "every stage has a GPU")
    precondition(globalBatchSize >= 1 && microBatches >= 1, "a step sees a sequence")
    self.job = job
    self.globalBatchSize = globalBatchSize
    self.microBatches = microBatches
    self.stages = stages
  }

  package var stageGPUs: Int { job.gpus / stages }

  package func replicas(_ strategy: LayerStrategy) -> Int { stageGPUs / strategy.degree }

  /// GPUs over which ZeRO shards: Ulysses does not split weights, so its ranks are replicas too.
  package func shards(_ strategy: LayerStrategy) -> Int {
    replicas(strategy) * (strategy.usesUlysses ? strategy.degree : 1)
  }

  /// Samples of one micro-batch on one replica.
  package func samples(_ strategy: LayerStrategy) -> Int {
    globalBatchSize / microBatches / replicas(strategy)
  }

  /// How a layer's states are sharded: not at all without replicas.
  package func sharding(_ strategy: LayerStrategy) -> DefaultSharding {
    if strategy.shardsWeights { return .zero3 }
    return replicas(strategy) == 1 ? .ddp : job.run.defaultSharding
  }

  /// The strategy can run: it divides the stage's GPUs, leaves every replica a sample, and the
  /// profiles know all it needs.
  package func admits(_ strategy: LayerStrategy) -> Bool {
    stageGPUs % strategy.degree == 0
      && samples(strategy) >= 1
      && job.knows(degree: strategy.degree, split: strategy.split)
      && (shards(strategy) == 1 || bandwidth(shards(strategy), strategy) != nil)
      && (stages == 1 || job.stageBandwidth[stages] != nil)
  }

  /// All-reduce bandwidth of the replicas' group, whose ranks are neighbours where weights are whole.
  func bandwidth(_ group: Int, _ strategy: LayerStrategy) -> Double? {
    strategy.tensorDegree == 1
      ? job.consecutiveBandwidth[group] : job.stridedBandwidth[group]
  }
}
