/// Memory in MB (2^20 bytes).
extension Judge {
  /// Of the framework, on every stage.
  static var contextMemory: Double { 1024 }

  /// The part of four times the weights that a GPU holds.
  ///
  /// With r = 1/d + 0.003 over d GPUs: ZeRO-2 shards all but the 16-bit weights, ZeRO-3 all; where
  /// micro-batches accumulate, gradients stay whole (reduced early) or take 32 bits (reduced late).
  func stateFraction(_ strategy: LayerStrategy) -> Double {
    let r = 1 / Double(shards(strategy)) + 0.003
    let mixed = job.run.usesMixedPrecision
    switch sharding(strategy) {
    case .ddp: return 1
    case .zero2:
      if microBatches > 1, job.run.reducesGradientsEarly {
        return mixed ? 6.0 / 8 * r + 2.0 / 8 : 2.0 / 4 * r + 2.0 / 4
      }
      let whole = mixed ? 7.0 / 8 * r + 1.0 / 8 : 3.0 / 4 * r + 1.0 / 4
      return microBatches > 1 && mixed ? whole * 5 / 4 : whole
    case .zero3:
      if microBatches == 1 { return r }
      if job.run.reducesGradientsEarly {
        return mixed ? 7.0 / 8 * r + 1.0 / 8 : 3.0 / 4 * r + 1.0 / 4
      }
      return r * 5 / 4
    }
  }

  /// Micro-batches whose activations a stage holds.
  func inFlight(stage: Int) -> Int {
    guard stages > 1 else { return 1 }
    return switch job.run.schedule {
    case .pipedreamFlush: stages - stage
    case .gpipe: microBatches
    }
  }

  package func layerStates(_ strategy: LayerStrategy) -> Double {
    4 * (job.layerParameters / Double(strategy.tensorDegree)) * stateFraction(strategy)
  }

  package func layerActivations(_ strategy: LayerStrategy, stage: Int) -> Double {
    let held = Double(inFlight(stage: stage) * samples(strategy))
    guard strategy.recomputes else { return job.layerActivations[strategy.degree]! * held }
    let whole = job.recomputedActivations * held
    let isSplit = strategy.usesUlysses || (strategy.degree > 1 && job.run.sequenceParallel)
    return isSplit ? whole / Double(strategy.degree) : whole
  }

  /// What one layer takes, in whole MB.
  package func layerMemory(_ strategy: LayerStrategy, stage: Int) -> Int {
    Int((layerStates(strategy) + layerActivations(strategy, stage: stage)).rounded(.up))
  }

  /// What each stage holds beside its layers: the embedding, the head and the framework.
  package func endMemory(_ strategy: LayerStrategy) -> [Double] {
    var memory = Array(repeating: Self.contextMemory, count: stages)
    func add(_ end: MeasuredJob.EndMemory, to stage: Int, inFlight: Int) {
      let states = end.states[strategy.tensorDegree]! * stateFraction(strategy)
      let activations = end.activations[strategy.degree]! * Double(inFlight * samples(strategy))
      memory[stage] = states + activations + Self.contextMemory
    }
    if stages == 1 {
      add(job.onlyStage, to: 0, inFlight: 1)
    } else {
      add(job.firstStage, to: 0, inFlight: inFlight(stage: 0))
      add(job.lastStage, to: stages - 1, inFlight: inFlight(stage: stages - 1))
    }
    return memory
  }

  /// The buffer into which tensor-parallel layers gather, for the largest degree of any; a plan
  /// without tensor parallelism has none.
  package func gatherBuffer(largestDegree: Int) -> Int {
    guard job.run.sequenceParallel, job.run.sharesGatherBuffer else { return 0 }
    let replicas = Double(stageGPUs / largestDegree)
    let samples = Double(globalBatchSize) / Double(microBatches) / replicas
    // Galvatron halves this in 32-bit training, too.
    return Int(
      samples * Double(job.hiddenSize) * Double(job.sequenceLength) * 4 / 1024 / 1024 / 2)
  }
}
