import Galvatron

/// A model of some size on `nodes` nodes of eight GPUs, as profilers would measure it: kernels at a part
/// of the peak, sizes by degree, a network that is as fast as the generator says.
func madeUpJob(nodes: Int, _ generator: inout SeededGenerator) -> MeasuredJob {
  func number(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &generator) }
  func noise() -> Double { number(0.9...1.1) }
  let shapes: [(layers: Int, hidden: Int, length: Int)] = [
    (24, 1024, 2048), (48, 1600, 1024), (32, 4096, 2048), (40, 5120, 4096), (48, 8192, 4096),
  ]
  let shape = shapes[Int.random(in: shapes.indices, using: &generator)]
  let layers = number(0...1) < 0.5 ? shape.layers : Int.random(in: 8...60, using: &generator)
  let (h, s) = (Double(shape.hidden), Double(shape.length))
  let megabyte = 0x1p20
  let parameters = 12 * h * h
  let forward = (2 * parameters * s + 4 * s * s * h) / 1.8e11 * noise()
  let table = 32_000 * h
  let degrees = [1, 2, 4, 8]
  func byDegree(_ one: Double) -> [Int: Double] {
    Dictionary(
      uniqueKeysWithValues: degrees.map { ($0, one * (1 / Double($0) + 0.02 * noise())) })
  }
  func states(_ count: Double) -> [Int: Double] { byDegree(count * 16 / megabyte) }
  let network = number(2...6) * number(1...30)
  var (consecutive, strided, stages) = ([Int: Double](), [Int: Double](), [Int: Double]())
  var group = nodes * 8
  while group >= 2 {
    consecutive[group] = (group <= 8 ? 155 : network) * noise()
    strided[group] = (nodes == 1 ? 150 : network / 2) * noise()
    stages[group] = (nodes == 1 ? 150 : network / 4) * noise()
    group /= 2
  }
  strided[nodes * 8] = consecutive[nodes * 8]
  func messages(_ factor: Double) -> [Int: MessageTimes] {
    Dictionary(
      uniqueKeysWithValues: degrees.dropFirst().map {
        let slope = factor * (0.005 + 0.0004 * Double($0)) * noise()
        return ($0, MessageTimes(perMegabyte: slope, constant: 0.1 * noise()))
      })
  }
  let logits = s * 32_000 * 6 / megabyte
  let hiddenStates = s * h * 2 / megabyte
  var job = MeasuredJob(
    layers: layers, hiddenSize: shape.hidden, sequenceLength: shape.length,
    forward: TimeLaw(perSample: forward, constant: number(0...1) < 0.5 ? 0 : forward / 5),
    endForward: TimeLaw(perSample: 4 * table * s / 1.8e11),
    layerParameters: parameters * 4 / megabyte,
    layerActivations: byDegree(15 * hiddenStates * noise()),
    recomputedActivations: hiddenStates,
    onlyStage: .init(states: states(2 * table), activations: byDegree(logits)),
    firstStage: .init(states: states(table), activations: byDegree(2 * hiddenStates)),
    lastStage: .init(states: states(table), activations: byDegree(logits)), gpus: nodes * 8,
    consecutiveBandwidth: consecutive, stridedBandwidth: strided, stageBandwidth: stages,
    allReduce: messages(1), allToAll: messages(0.6), overlapSlowdown: number(1.05...1.3))
  job.run.reducesGradientsEarly = number(0...1) < 0.7
  if number(0...1) < 0.25 { job.run.schedule = .gpipe }
  if number(0...1) < 0.25 { job.run.defaultSharding = .ddp }
  return job
}
