import Costing
import Hardware
import Planning
import Quantities
import Testing
import Workload

@testable import Calibrating

/// A GPT of a few layers on one node.
private func step(
  hidden: Int, tensor: Int, microBatch: Int, pipeline: Int = 1, truth: CostParameters,
  error: Double = 1
) -> MeasuredStep {
  let block = TransformerBlock(
    mixer: .attention(
      AttentionMixer(heads: hidden / 128, keyValueHeads: hidden / 128, headDimension: 128)),
    feedForward: .dense(DenseFeedForward(width: 4 * hidden, isGated: false)), norm: .layer)
  let model = TransformerModel(
    name: "gpt", hiddenSize: hidden, vocabularySize: 51200,
    runs: [TransformerModel.Run(block, count: 8)], finalNorm: .layer, head: .init(isTied: true))
  guard let accelerator = AcceleratorCatalogue.standard.accelerator(named: "h100-sxm5-80gb"),
    let pool = try? Pool.make(accelerator: accelerator, nodes: 1)
  else { preconditionFailure("the catalogue has an H100") }
  let data = 8 / tensor / pipeline
  let strategy = ParallelStrategy(
    pipeline: pipeline, tensor: tensor, data: data, microBatchSize: microBatch, microBatches: 4,
    sequenceParallel: false)
  var step = MeasuredStep(
    graph: model.graph(), pool: pool,
    job: TrainingJob(globalBatchSize: data * microBatch * 4, sequenceLength: 4096),
    strategy: strategy, seconds: Seconds(1))
  step.seconds = step.plan(truth).prediction.step * error
  return step
}

private func steps(_ truth: CostParameters, spoiled: Int? = nil) -> [MeasuredStep] {
  var list: [MeasuredStep] = []
  for hidden in [2048, 4096, 8192] {
    for tensor in [1, 2, 4] {
      for microBatch in [1, 2] {
        list.append(
          step(
            hidden: hidden, tensor: tensor, microBatch: microBatch, truth: truth,
            error: list.count == spoiled ? 3 : 1))
      }
    }
  }
  return list
}

private func slowed() -> CostParameters {
  var truth = CostParameters.published
  CostParameterSlot.Place.chip(.hopper, .matrix).set(0.55, in: &truth)
  CostParameterSlot.Place.chip(.hopper, .scaleUp).set(0.45, in: &truth)
  return truth
}

private func calibration(
  _ steps: [MeasuredStep], peaks: [ByteCount?]? = nil
) -> Calibration {
  Calibration(
    steps: steps, layers: [], peakMemories: peaks ?? steps.map { _ in nil }, base: .published)
}

@Suite struct CalibrationTests {
  private static let places: [CostParameterSlot.Place] = [
    .chip(.hopper, .matrix), .chip(.hopper, .scaleUp),
  ]

  @Test func findsTheMachineThatWasMeasured() throws {
    let outcome = try calibration(steps(slowed())).outcome(fitting: Self.places).get()
    #expect(abs(outcome.profile.entries[0].value - 0.55) < 0.02)
    #expect(abs(outcome.profile.entries[1].value - 0.45) < 0.05)
    #expect(outcome.after.map(abs).max()! < 0.02)
    #expect(outcome.before.map(abs).max()! > 0.1)
    #expect(outcome.outliers.isEmpty)
  }

  @Test func choosesWhatMeasurementsDetermine() throws {
    let measured = steps(slowed())
    let outcome = try calibration(measured).outcome().get()
    #expect(!outcome.names.isEmpty)
    #expect(outcome.names.count <= measured.count / 2)
    let mean = { (list: [Double]) in list.map(abs).reduce(0, +) / Double(list.count) }
    #expect(mean(outcome.after) < 0.3 * mean(outcome.before))
  }

  /// At the published figures the GPU is slower than the host nearly everywhere, so that small changes
  /// of the host's would show little.
  @Test func findsASlowHost() throws {
    var truth = CostParameters.published
    CostParameterSlot.Place.stack(.fused, .hostForward).set(2e-4, in: &truth)
    CostParameterSlot.Place.stack(.fused, .hostBackward).set(2e-4, in: &truth)
    let measured = [512, 1024, 2048, 4096].flatMap { hidden in
      [1, 2, 4].map { step(hidden: hidden, tensor: 1, microBatch: $0, truth: truth) }
    }
    let outcome = try calibration(measured).outcome().get()
    #expect(outcome.names.contains { $0.hasPrefix("fused.host_") })
    let mean = { (list: [Double]) in list.map(abs).reduce(0, +) / Double(list.count) }
    #expect(mean(outcome.after) < 0.2 * mean(outcome.before))
  }

  /// What was observed for the base need not be observed again: pipelines are cut as they were.
  @Test func fitsAlikeFromObservationsAtHand() {
    let measured = [1, 2, 4].flatMap { pipeline in
      [2048, 4096].map {
        step(hidden: $0, tensor: 1, microBatch: 1, pipeline: pipeline, truth: slowed())
      }
    }
    let fit = CostFit(
      Self.places.map(CostParameterSlot.usual), to: measured, base: .published)
    let known = fit.fitted(rounds: 2, from: fit.observations(.published))
    #expect(known.values == fit.fitted(rounds: 2).values)
  }

  /// Of many measurements some are drawn, each with its own observation.
  @Test func drawsObservationsAlongWithMeasurements() {
    let one = step(hidden: 1024, tensor: 1, microBatch: 1, truth: .published)
    let measured = (1...50).map { index in
      var step = one
      step.seconds = Seconds(Double(index))
      return step
    }
    let layers = (1...23).map {
      MeasuredLayer(
        graph: one.graph, pool: one.pool, job: one.job, strategy: one.strategy, node: 1,
        pass: .forward, seconds: Seconds(Double(100 + $0)))
    }
    let all = Calibration(
      steps: measured, layers: layers, peakMemories: measured.map { _ in nil }, base: .published)
    let (part, drawn) = all.thinned(to: 10, all.observations)
    #expect(drawn.map(\.measured) == part.steps.map(\.seconds) + part.layers.map(\.seconds))
    #expect((8...16).contains(drawn.count) && !part.layers.isEmpty)
  }

  /// A row that says nothing at all neither chooses the numbers nor keeps others from it.
  @Test(arguments: [1e7, 1e-12]) func choosesBesideAnAbsurdRow(seconds: Double) throws {
    var measured = steps(slowed())
    measured[3].seconds = Seconds(seconds)
    let outcome = try calibration(measured).outcome().get()
    let rest = outcome.after.indices.filter { $0 != 3 }.map { abs(outcome.after[$0]) }
    #expect(rest.reduce(0, +) / Double(rest.count) < 0.05)
    #expect(outcome.outliers == [3])
  }

  /// Steps that take longer than any number of the chip or the host would make them within its range:
  /// numbers at an end of theirs are better than none.
  @Test(arguments: [2, 6, 18], [2.0, 3, 8])
  func explainsWhatItCanOfASlowMachine(count: Int, factor: Double) throws {
    let measured = steps(.published).prefix(count).map { step in
      var slow = step
      slow.seconds = step.seconds * factor
      return slow
    }
    let outcome = try calibration(measured).outcome().get()
    #expect(!outcome.names.isEmpty)
    let sum = { (list: [Double]) in list.map(abs).reduce(0, +) }
    #expect(sum(outcome.after) < (factor < 8 ? 0.7 : 0.8) * sum(outcome.before))
  }

  @Test func rowsWithoutWeightChooseNothing() throws {
    var measured = steps(slowed())
    let expected = try calibration(measured).outcome().get().names
    measured.append(step(hidden: 1024, tensor: 1, microBatch: 1, truth: slowed(), error: 20))
    measured[measured.count - 1].weight = 1e-6
    #expect(try calibration(measured).outcome().get().names == expected)
  }

  /// A second profile keeps what the first one says of numbers that it does not speak of.
  @Test func goesOnFromAnEarlierProfile() throws {
    let measured = steps(slowed())
    let peaks = measured.map { $0.plan(slowed()).prediction.peakMemory + .gibi(3) }
    let first = try calibration(measured, peaks: peaks).outcome(fitting: Self.places).get()
    var again = calibration(measured)
    again = Calibration(
      steps: again.steps, layers: [], peakMemories: again.peakMemories, base: .published,
      earlier: first.profile)
    for places in [nil, [CostParameterSlot.Place.chip(.hopper, .memory), Self.places[1]]] {
      let second = try again.outcome(fitting: places).get()
      #expect(second.profile.runtimeMemory == first.profile.runtimeMemory)
      #expect(second.profile.covariance.allSatisfy { $0.count == second.profile.entries.count })
      #expect(second.profile.covariance.count == second.profile.entries.count)
      let parameters = second.profile.parameters(over: .published)
      for (step, after) in zip(measured, second.after) {
        let predicted = step.plan(parameters).prediction.step / step.seconds
        #expect(abs(predicted - 1) < 0.02 + abs(after))
      }
      #expect(second.profile.entries.contains { $0.place == Self.places[0] })
    }
  }

  @Test func shrugsOffAnOutlierAndNamesIt() throws {
    let outcome = try calibration(steps(slowed(), spoiled: 5))
      .outcome(fitting: Self.places).get()
    #expect(abs(outcome.profile.entries[0].value - 0.55) < 0.05)
    #expect(outcome.outliers == [5])
  }

  @Test func refusesMoreNumbersThanMeasurements() {
    let few = Array(steps(slowed()).prefix(1))
    guard case .failure(let obstacle) = calibration(few).outcome(fitting: Self.places) else {
      Issue.record("one run holds no two numbers")
      return
    }
    #expect(obstacle == .tooMany(asked: 2, measurements: 1))
  }

  /// H100 runs say nothing of A100s, and the same number twice is no second one.
  @Test(arguments: [CostParameterSlot.Place.chip(.ampere, .matrix), .chip(.hopper, .matrix)])
  func refusesNumbersThatNothingDetermines(second: CostParameterSlot.Place) {
    let asked = [CostParameterSlot.Place.chip(.hopper, .matrix), second]
    guard case .failure(let obstacle) = calibration(steps(slowed())).outcome(fitting: asked)
    else {
      Issue.record("the second number is not determined")
      return
    }
    #expect(obstacle == .undetermined(index: 1))
  }

  @Test func itsIntervalHoldsTheTruth() throws {
    let truth = slowed()
    let outcome = try calibration(steps(truth)).outcome(fitting: Self.places).get()
    let unseen = step(hidden: 6144, tensor: 8, microBatch: 1, truth: truth)
    let parameters = outcome.profile.parameters(over: .published)
    let plan = unseen.plan(parameters)
    let range = outcome.profile.range(of: plan, base: .published) {
      unseen.plan($0, split: plan.split).prediction.step
    }
    #expect(range.step.contains(unseen.seconds))
    #expect(range.step.contains(plan.prediction.step))
    #expect(range.step.lowerBound < plan.prediction.step)
    #expect((0...1).contains(range.fitsProbability))
  }

  @Test func learnsTheRuntimesMemory() throws {
    let measured = steps(.published)
    let extra = ByteCount.gibi(3)
    let peaks = measured.map { $0.plan(.published).prediction.peakMemory + extra }
    let outcome = try calibration(measured, peaks: peaks)
      .outcome(fitting: [Self.places[0]]).get()
    let runtime = try #require(outcome.profile.runtimeMemory)
    let expected = CostParameters.published.software.runtimeMemory + extra
    #expect(abs((runtime - expected).value) < 1e6)
  }

  /// Fuller plans fit less surely, and a plan at its limit fits as likely as not.
  @Test func theRiskGrowsWithTheMemory() {
    let profile = CostProfile(
      entries: [], covariance: [], stepDeviation: 0.05, memoryDeviation: 0.08)
    var plan = step(hidden: 4096, tensor: 1, microBatch: 1, truth: .published).plan(.published)
    var last = 1.0
    for part in [0.5, 0.8, 0.9, 1, 1.1, 1.5] {
      plan.stages[0].memoryLimit = plan.stages[0].memory.total / part
      let probability = profile.fitsProbability(of: plan)
      #expect(probability <= last)
      if part == 1 { #expect(abs(probability - 0.5) < 1e-9) }
      last = probability
    }
    #expect(last < 0.001)
  }
}
