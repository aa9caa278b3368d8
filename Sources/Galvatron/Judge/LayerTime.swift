/// What a layer takes of one micro-batch's step, in seconds.
package struct LayerTime: Hashable, Sendable {
  /// With the gradients' reduction, as after the last micro-batch.
  package var withSync: Double
  package var withoutSync: Double
  /// The forward part of `withoutSync`, what crosses between stages left out.
  package var forward: Double

  // What `withoutSync` is made of:
  /// Kernels of one forward pass; a backward pass takes twice as long, and recomputing once more.
  package var kernels: Double
  /// Exchanges of hidden states among the GPUs of a sample.
  package var exchange: Double
  /// Gathers of sharded weights.
  package var gather: Double
  /// What crosses between stages.
  package var send: Double

  /// What the reduction adds.
  package var exposure: Double { withSync - withoutSync }
}

extension Judge {
  /// Forward `f·samples/t`, backward twice that, and once more to recompute; gradients are reduced
  /// under the backward pass, either slowing the other; t GPUs exchange hidden states 6 times
  /// (all-gather) or 4 times (all-to-all), half as often again to recompute.
  package func layerTime(_ strategy: LayerStrategy) -> LayerTime {
    let t = Double(strategy.degree)
    let forward = job.forward.milliseconds(samples: Double(samples(strategy)) / t)
    let backward = 2 * forward + (strategy.recomputes ? forward : 0)
    let exchange = exchangeTime(strategy)
    let exchanges = (strategy.usesUlysses ? 4 : 6) * (strategy.recomputes ? 1.5 : 1)
    let d = Double(shards(strategy))
    var message = 2 * (d - 1) * (job.layerParameters / Double(strategy.tensorDegree) / d)
    if job.run.usesMixedPrecision { message /= 2 }
    let latency = d > 1 ? 1 / bandwidth(Int(d), strategy)! : 0
    let gather = sharding(strategy) == .zero3 ? message * 0.5 * latency : 0

    let send = stageExchange(strategy)
    let scale = 0.001 * job.run.timeFactor
    func time(message: Double) -> Double {
      let synced =
        replicas(strategy) > 1
        ? overlapped(message: message, latency: latency, backward: backward) : backward
      return (forward + synced + exchange * exchanges + (gather + send)) * scale
    }
    let forwardExchanges = strategy.usesUlysses ? 2.0 : 3.0
    return LayerTime(
      withSync: time(message: message), withoutSync: time(message: 0),
      forward: (forward + exchange * forwardExchanges + gather / 2) * scale,
      kernels: forward * scale, exchange: exchange * exchanges * scale, gather: gather * scale,
      send: send * scale)
  }

  /// One exchange of hidden states among the GPUs of a sample, in milliseconds.
  private func exchangeTime(_ strategy: LayerStrategy) -> Double {
    guard strategy.degree > 1 else { return 0 }
    let size = job.hiddenStates(samples: samples(strategy))
    return strategy.usesUlysses
      ? job.allToAll[strategy.degree]!.milliseconds(megabytes: size)
      : job.allReduce[strategy.degree]!.halved.milliseconds(megabytes: size)
  }

  /// What crosses between stages, of all stages and spread over the layers, in milliseconds.
  func stageExchange(_ strategy: LayerStrategy) -> Double {
    guard stages > 1 else { return 0 }
    let size = Double(stages * 2) * job.hiddenStates(samples: samples(strategy))
    return size / job.stageBandwidth[stages]! / Double(job.layers)
  }

  /// A message of `message` MB at `latency` ms/MB beside a backward pass: while both run each is
  /// slowed down, and what is left of the longer one follows.
  private func overlapped(message: Double, latency: Double, backward: Double) -> Double {
    let slowdown = job.overlapSlowdown
    let sending = message * latency * slowdown
    let computing = backward * slowdown
    if sending > computing {
      return computing + (message - computing / (latency * slowdown)) * latency
    }
    if sending < computing { return sending + (backward - sending / slowdown) }
    return computing
  }
}
