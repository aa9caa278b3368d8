import ArgumentParser
import Calibrating
import Costing
import Foundation
import Importing
import PlanAPI
import Validating

/// Holds predictions against runs that others measured, and fits what ships to them.
@main
struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "The errors of predictions on published runs, by source.",
    discussion: """
      With --fit the parameters are fitted to the runs first, single-node sweeps among them.
      """)

  @Argument(help: "Lines of JSON, or a table as the project's own.")
  var runs: String

  @Option(help: "Tiers of runs, with commas between them, or all.")
  var tier = "core"

  @Option(help: "A file for a line a run: measured, predicted, and the parts of both.")
  var rows: String?

  @Option(help: "How often to fit all parameters.")
  var fit = 0

  @Option(help: "What a parameter's prior counts for in a fit.")
  var prior: Double?

  @Option(help: "A Swift file for what was fitted.")
  var source: String?

  @Option(help: "Also fit without each of so many parts of the sources, then of the models.")
  var folds = 0

  @Option(help: "A parameter and its value, as PLACE=NUMBER.")
  var with: [GivenParameter] = []

  private var fits: Bool { fit > 0 || folds > 0 }

  func run() throws {
    // A fit also learns from the single-node sweeps; its table is of the core rows.
    let tiers = fits ? ["core", "micro"] : tier.split(separator: ",").map(String.init)
    let text = try Data(contentsOf: URL(filePath: runs))
    let measured = try MeasuredRun.runs([UInt8](text))
      .filter { tiers.contains("all") || tiers.contains($0.tier) }
    let service = PlanService(model: ModelGraphRule())
    var parameters = service.parameters
    for given in with { given.place.set(given.value, in: &parameters) }
    let prepared = PreparedRuns(measured, service: service)
    if fits {
      try fit(prepared, from: parameters)
      return
    }
    let start = ContinuousClock.now
    let table = prepared.table(parameters)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(
      "rows \(measured.count)  asked \(prepared.runs.count + prepared.refused.count)  "
        + "not askable \(prepared.notAskable)  refused \(prepared.refused.count)")
    for refusal in prepared.refused { print("refused \(refusal.id): \(refusal.why)") }
    print(table)
    let rate = Int(Double(table.entries.count) / seconds)
    print(
      "predicted to fit \(table.entries.count(where: \.fits)) of \(prepared.runs.count) that ran, not to fit "
        + "\(prepared.foundOutOfMemory(parameters)) of \(prepared.outOfMemory.count) that ran out of memory"
    )
    print("predicted \(table.entries.count) plans on one core, \(rate) a second")
    if let rows { try write(prepared, table, parameters, to: rows) }
  }

  /// Tab-separated: id, seconds measured and predicted, GiB measured and predicted, the parts of the
  /// step, and of the largest stage's memory.
  private func write(
    _ prepared: PreparedRuns, _ table: AccuracyTable, _ parameters: CostParameters, to path: String
  ) throws {
    let lines = zip(prepared.runs, table.entries).map { run, entry in
      let plan = run.plan(parameters)
      let b = plan.prediction.breakdown
      let parts = [
        b.compute, b.recompute, b.tensorParallel, b.contextParallel, b.expertParallel, b.pipeline,
        b.bubble, b.dataParallel, b.optimizer,
      ].map { "\($0.value)" }
      let largest = plan.stages.map(\.memory).max { $0.total < $1.total }
      let memory = largest.map {
        [$0.weights, $0.gradients, $0.optimizer, $0.activations, $0.workspace].map {
          "\($0.gibibytes)"
        }
      }
      let measured = [
        entry.id, "\(entry.measuredSeconds)", "\(entry.predictedSeconds)",
        entry.measuredGiB.map { "\($0)" } ?? "", "\(entry.predictedGiB)",
      ]
      return (measured + parts + (memory ?? [])).joined(separator: "\t")
    }
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: path, atomically: true, encoding: .utf8)
  }

  private func fit(_ prepared: PreparedRuns, from base: CostParameters) throws {
    var published = PublishedFit(prepared)
    if let prior { published.priorWeight = prior }
    var parameters = base
    if fit > 0 {
      let result = published.fit(from: base, rounds: fit, iterations: 8)
      parameters = result.parameters
      // The curvature's errors are those of residuals of 1.
      let freedom = published.steps.count - published.slots.count
      let deviation = (result.fit.objective / Double(max(1, freedom))).squareRoot()
      for (slot, (value, error)) in zip(
        published.slots, zip(result.fit.values, result.fit.relativeErrors))
      {
        print("\(slot.name) = \(value) ± \((error * deviation * 1000).rounded() / 10) %")
      }
      print("objective \(result.fit.objective)")
    }
    var core = prepared
    core.runs = prepared.runs.filter { $0.run.tier == "core" }
    let coreTable = core.table(parameters)
    print(coreTable)
    var sweeps = prepared
    sweeps.runs = prepared.runs.filter { $0.run.tier != "core" }
    print("single-node sweeps")
    print(sweeps.table(parameters))
    if let rows { try write(core, coreTable, parameters, to: rows) }
    if let source { try parameters.source.write(toFile: source, atomically: true, encoding: .utf8) }
    if folds > 0 {
      print("by source, \(folds) folds")
      print(
        published.crossValidated(
          from: parameters, by: \.run.source, folds: folds, iterations: 4))
      print("by model, \(folds) folds")
      print(
        published.crossValidated(
          from: parameters, by: \.modelName, folds: folds, iterations: 4))
    }
  }
}

/// A cost parameter that is given on the command line.
struct GivenParameter: ExpressibleByArgument {
  let place: CostParameterSlot.Place
  let value: Double

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let place = CostParameterSlot.Place(name: parts[0]),
      let value = Double(parts[1]), value > 0
    else { return nil }
    self.place = place
    self.value = value
  }

  static var allValueStrings: [String] { CostParameterSlot.Place.all.map { "\($0.name)=NUMBER" } }
}
