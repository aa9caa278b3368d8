import Galvatron

/// A linear congruential generator (Knuth's MMIX), for jobs that are the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}

/// A small job with costs of all proportions: fast and slow networks, large and small activations.
func randomJob(_ generator: inout SeededGenerator) -> MeasuredJob {
  func number(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &generator) }
  let gpus = [1, 2, 4][Int.random(in: 0..<3, using: &generator)]
  let degrees = [1, 2, 4].filter { $0 <= gpus }
  let shrink = number(0.5...1.2)
  func byDegree(_ one: Double) -> [Int: Double] {
    Dictionary(
      uniqueKeysWithValues: degrees.map { ($0, one * (1 + shrink) / (Double($0) + shrink)) })
  }
  func end() -> MeasuredJob.EndMemory {
    .init(states: byDegree(number(200...2000)), activations: byDegree(number(10...400)))
  }
  let network = number(0...1) < 0.5 ? number(1...20) : number(50...200)
  let bandwidths = Dictionary(
    uniqueKeysWithValues: degrees.map { ($0, network * number(0.5...1.5)) })
  func messages() -> [Int: MessageTimes] {
    Dictionary(
      uniqueKeysWithValues: degrees.dropFirst().map {
        ($0, MessageTimes(perMegabyte: 1 / network, constant: number(0...0.3)))
      })
  }
  var job = MeasuredJob(
    layers: Int.random(in: 1...5, using: &generator), hiddenSize: 1024, sequenceLength: 1024,
    forward: TimeLaw(perSample: number(0.5...20), constant: number(0...2)),
    endForward: TimeLaw(perSample: number(0.5...20)), layerParameters: number(20...800),
    layerActivations: byDegree(number(20...600)), recomputedActivations: number(2...30),
    onlyStage: end(), firstStage: end(), lastStage: end(), gpus: gpus,
    consecutiveBandwidth: bandwidths, stridedBandwidth: bandwidths.mapValues { $0 * 0.7 },
    stageBandwidth: bandwidths.mapValues { $0 * 0.8 }, allReduce: messages(),
    allToAll: messages(), overlapSlowdown: number(1...1.4))
  job.run.usesMixedPrecision = number(0...1) < 0.8
  job.run.sequenceParallel = number(0...1) < 0.8
  job.run.sharesGatherBuffer = number(0...1) < 0.8
  job.run.reducesGradientsEarly = number(0...1) < 0.5
  job.run.schedule = number(0...1) < 0.7 ? .pipedreamFlush : .gpipe
  job.run.defaultSharding = number(0...1) < 0.7 ? .zero2 : .ddp
  return job
}
