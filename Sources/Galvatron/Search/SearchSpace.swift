/// What a search may choose from (`search_space_info` and `batch_size_info`): degrees are powers of
/// two, as in Galvatron.
package struct SearchSpace: Hashable, Sendable {
  package var batchSizes: [Int]
  /// `nil` where every divisor of the batch is tried.
  package var microBatches: Int?
  package var mostStages = 8
  package var mostTensor = 8
  package var mostUlysses = 8
  package var allowsPipeline = true
  package var allowsData = true
  package var allowsTensor = true
  package var allowsUlysses = true
  package var allowsRecompute = true
  package var allowsWeightSharding = true
  package var allowsTensorEmbedding = true
  package var allowsUlyssesEmbedding = true
  /// Further restrictions: `nil` allows all.
  package var stageCounts: Set<Int>?
  package var degrees: Set<Int>?

  package init(batchSizes: [Int], microBatches: Int? = nil) {
    self.batchSizes = batchSizes
    self.microBatches = microBatches
  }

  /// Micro-batch counts for one batch.
  func microBatchCounts(_ batch: Int) -> [Int] {
    if let microBatches { return batch % microBatches == 0 ? [microBatches] : [] }
    return (1...batch).filter { batch % $0 == 0 }
  }

  func stageCounts(_ job: MeasuredJob, microBatches: Int) -> [Int] {
    let most = min(allowsPipeline ? mostStages : 1, job.layers, microBatches, job.gpus)
    return powersOfTwo(upTo: most).filter {
      job.gpus % $0 == 0 && stageCounts?.contains($0) ?? true
    }
  }

  /// Of layers that a judge admits, with no two alike.
  func layerStrategies(_ judge: Judge) -> [LayerStrategy] {
    var strategies: [LayerStrategy] = []
    for split in [LayerStrategy.Split.tensor, .ulysses] {
      let most = split == .tensor ? mostTensor : mostUlysses
      for degree in powersOfTwo(upTo: min(most, judge.stageGPUs)) {
        let isPlain = degree == 1
        guard isPlain ? split == .tensor : split == .tensor ? allowsTensor : allowsUlysses,
          degrees?.contains(degree) ?? true,
          judge.admits(LayerStrategy(degree: degree, split: split))
        else { continue }
        let replicas = judge.stageGPUs / degree
        guard allowsData || replicas == 1 else { continue }
        for shards in replicas > 1 && allowsWeightSharding ? [false, true] : [false] {
          for recomputes in allowsRecompute ? [false, true] : [false] {
            strategies.append(
              LayerStrategy(
                degree: degree, split: split, shardsWeights: shards, recomputes: recomputes))
          }
        }
      }
    }
    return strategies
  }

  func embeddingStrategies(_ judge: Judge, _ layers: [LayerStrategy]) -> [LayerStrategy] {
    layers.filter {
      !$0.recomputes && (allowsTensorEmbedding || $0.tensorDegree == 1)
        && (allowsUlyssesEmbedding || !$0.usesUlysses) && judge.admitsAsEnd($0)
    }
  }

  private func powersOfTwo(upTo most: Int) -> [Int] {
    var powers: [Int] = []
    var power = 1
    while power <= most {
      powers.append(power)
      power *= 2
    }
    return powers
  }
}

extension Judge {
  /// The embedding's and the head's memory is known for the strategy.
  package func admitsAsEnd(_ strategy: LayerStrategy) -> Bool {
    let ends = stages == 1 ? [job.onlyStage] : [job.firstStage, job.lastStage]
    return admits(strategy)
      && ends.allSatisfy {
        $0.states[strategy.tensorDegree] != nil && $0.activations[strategy.degree] != nil
      }
  }
}
