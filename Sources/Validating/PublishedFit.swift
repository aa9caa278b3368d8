import Calibrating
import Costing
import Hardware

/// The fit of what ships (`CostParameters.published`): which rows, how they count, and how well
/// rows that it has not seen come out.
package struct PublishedFit: Sendable {
  package var runs: [PreparedRun]
  package var steps: [MeasuredStep]
  /// How strongly priors speak; chosen by the error of models that a fit has not seen.
  package var priorWeight = 0.001

  /// Core rows and the single-node sweeps. Of a sweep with hundreds of rows every `stride`th one, as
  /// the others tell the same.
  package init(_ prepared: PreparedRuns, stride: Int = 6) {
    let large = Dictionary(grouping: prepared.runs, by: \.run.source).filter {
      $0.value.count > 300
    }
    var seen: [String: Int] = [:]
    runs = prepared.runs.filter { run in
      guard large[run.run.source] != nil else { return true }
      seen[run.run.source, default: 0] += 1
      return seen[run.run.source]! % stride == 0
    }
    let counts = Dictionary(grouping: runs, by: \.run.source).mapValues { Double($0.count) }
    steps = runs.map { run in
      let job = run.simulation.job
      // Sources count by the root of their rows, roughly. A request cannot say all about the machines:
      // BigScience's nodes had four NVLinks a GPU pair and no switch, so that tensor-parallel groups of
      // eight took a tenth to a quarter longer, and the GPUs of torchtitan's MXFP8 report were held below
      // their power, which speaks of no others.
      var weight = 1 / (counts[run.run.source]! * counts[run.run.source]!.squareRoot()).squareRoot()
      if run.run.source.hasPrefix("BigScience") { weight *= 0.2 }
      if run.run.id.hasPrefix("torchtitan-mxfp8md") { weight = 0 }
      return MeasuredStep(
        graph: job.graph, pool: job.pool, job: job.job, strategy: run.simulation.strategy,
        split: run.simulation.split, seconds: .init(run.step), weight: weight)
    }
    let mean = steps.reduce(0) { $0 + $1.weight } / Double(max(1, steps.count))
    for index in steps.indices { steps[index].weight /= mean }
  }

  package var slots: [CostParameterSlot] {
    let seen = Set(steps.map(\.pool.accelerator.architecture))
    return CostParameterSlot.all(
      for: Accelerator.Architecture.allCases.filter { seen.contains($0) })
  }

  package func fit(
    from base: CostParameters, leavingOut left: (PreparedRun) -> Bool = { _ in false },
    rounds: Int, iterations: Int
  ) -> (parameters: CostParameters, fit: LeastSquares.Fit) {
    let kept = zip(runs, steps).filter { !left($0.0) }.map(\.1)
    let fit = CostFit(slots, to: kept, base: base, priorWeight: priorWeight)
    let result = fit.fitted(rounds: rounds, iterations: iterations)
    return (fit.parameters(result.values), result)
  }

  /// The table that rows have when each is predicted by a fit that has not seen its group.
  package func crossValidated(
    from base: CostParameters, by group: @escaping (PreparedRun) -> String, folds: Int,
    iterations: Int
  ) -> AccuracyTable {
    let groups = Set(runs.map(group)).sorted()
    let fold = Dictionary(
      uniqueKeysWithValues: groups.enumerated().map { ($1, $0 % folds) })
    var entries: [AccuracyTable.Entry] = []
    for index in 0..<min(folds, groups.count) {
      let isLeft = { (run: PreparedRun) in fold[group(run)] == index }
      let parameters = fit(
        from: base, leavingOut: isLeft, rounds: 1, iterations: iterations
      ).parameters
      entries += runs.filter { $0.run.tier == "core" && isLeft($0) }
        .map { $0.entry($0.plan(parameters)) }
    }
    return AccuracyTable(entries)
  }
}
