/// What the embedding and the head add to each stage, in seconds a micro-batch.
package struct EndTime: Hashable, Sendable {
  package var withSync: [Double]
  package var withoutSync: [Double]
  /// The forward part of `withoutSync`.
  package var forward: [Double]
}

extension Judge {
  /// Each direction's kernels beside its gathers (and, with sync, reductions), whichever is longer;
  /// half of them on the first and half on the last stage.
  package func endTime(_ strategy: LayerStrategy) -> EndTime {
    let zero = Array(repeating: 0.0, count: stages)
    var time = EndTime(withSync: zero, withoutSync: zero, forward: zero)
    let samples = Double(samples(strategy)) / Double(strategy.degree)
    let forward = job.endForward.milliseconds(samples: samples)
    let latency = endLatency(strategy)
    let exchange = endExchange(strategy)
    let isSharded = sharding(strategy) == .zero3
    func add(_ end: MeasuredJob.EndMemory, to stage: Int, forward: Double, exchange: Double) {
      let weights = end.states[strategy.tensorDegree]! / 4 * (job.run.usesMixedPrecision ? 0.5 : 1)
      let message = weights * latency
      let ahead = beside(compute: forward, message: isSharded ? message * 0.5 : 0)
      let back = beside(compute: 2 * forward, message: message * (isSharded ? 1 : 0.5))
      let unsynced = beside(compute: 2 * forward, message: isSharded ? message * 0.5 : 0)
      time.withSync[stage] = 0.001 * (ahead + back + exchange)
      time.withoutSync[stage] = 0.001 * (ahead + unsynced + exchange)
      time.forward[stage] = 0.001 * (ahead + exchange / 2)
    }
    if stages == 1 {
      add(job.onlyStage, to: 0, forward: forward, exchange: 2 * exchange)
    } else {
      add(job.firstStage, to: 0, forward: forward / 2, exchange: exchange)
      add(job.lastStage, to: stages - 1, forward: forward / 2, exchange: exchange)
    }
    return time
  }

  /// Milliseconds for a MB of weights among the replicas.
  private func endLatency(_ strategy: LayerStrategy) -> Double {
    let d = shards(strategy)
    guard d > 1 else { return 0 }
    return (Double(d) - 1) / Double(d) / bandwidth(d, strategy)!
  }

  /// Gathering the hidden states of a tensor-parallel embedding or head.
  private func endExchange(_ strategy: LayerStrategy) -> Double {
    guard strategy.tensorDegree > 1, job.run.sequenceParallel else { return 0 }
    let size = job.hiddenStates(samples: samples(strategy))
    return job.allReduce[strategy.tensorDegree]!.halved.milliseconds(megabytes: size)
  }

  private func beside(compute: Double, message: Double) -> Double {
    let slowdown = job.overlapSlowdown
    let computing = compute * slowdown
    return computing > message ? message + (computing - message) / slowdown : message
  }
}
