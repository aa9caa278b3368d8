import Calibrating
import Costing
import Foundation
import Importing
import PlanAPI
import Validating

@main
struct Validate {
  static func main() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    var tiers: Set<String> = ["core"]
    var rows: String?
    var rounds = 0
    var folds = 0
    var output: String?
    var priorWeight: Double?
    var given: [(place: CostParameterSlot.Place, value: Double)] = []
    while let flag = arguments.first, flag.hasPrefix("--"), arguments.count >= 2 {
      switch flag {
      case "--tier": tiers = Set(arguments[1].split(separator: ",").map(String.init))
      case "--rows": rows = arguments[1]
      case "--fit": rounds = Int(arguments[1]) ?? 1
      case "--source": output = arguments[1]
      case "--prior": priorWeight = Double(arguments[1])
      case "--folds": folds = Int(arguments[1]) ?? 0
      case "--with":
        let parts = arguments[1].split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let place = CostParameterSlot.Place(name: parts[0]),
          let value = Double(parts[1]), value > 0
        else {
          print(
            "--with takes PLACE=NUMBER; places: "
              + CostParameterSlot.Place.all.map(\.name).joined(separator: ", "))
          exit(2)
        }
        given.append((place, value))
      default: break
      }
      arguments.removeFirst(2)
    }
    // A fit also learns from the single-node sweeps; its table is of the core rows.
    if rounds > 0 || folds > 0 { tiers = ["core", "micro"] }
    guard let path = arguments.first else {
      print(
        "usage: validate [--tier core,micro|all] [--rows OUT.tsv] [--fit ROUNDS [--prior WEIGHT] [--source OUT.swift]] "
          + "[--folds N] [--with PLACE=NUMBER]... RUNS")
      exit(2)
    }
    let text = try Data(contentsOf: URL(filePath: path))
    let measured = try MeasuredRun.runs([UInt8](text))
      .filter { tiers.contains("all") || tiers.contains($0.tier) }
    let service = PlanService(model: ModelGraphRule())
    var parameters = service.parameters
    for (place, value) in given { place.set(value, in: &parameters) }
    let prepared = PreparedRuns(measured, service: service)
    if rounds > 0 || folds > 0 {
      var published = PublishedFit(prepared)
      if let priorWeight { published.priorWeight = priorWeight }
      try fit(
        published, prepared, parameters, rounds: rounds, folds: folds, output: output, rows: rows)
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
  private static func write(
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

  private static func fit(
    _ published: PublishedFit, _ prepared: PreparedRuns, _ base: CostParameters, rounds: Int,
    folds: Int, output: String?, rows: String?
  ) throws {
    var parameters = base
    if rounds > 0 {
      let result = published.fit(from: base, rounds: rounds, iterations: 8)
      parameters = result.parameters
      for (slot, (value, error)) in zip(
        published.slots, zip(result.fit.values, result.fit.relativeErrors))
      {
        print("\(slot.name) = \(value) ± \((error * 100).rounded()) %")
      }
      print("objective \(result.fit.objective)")
    }
    var core = prepared
    core.runs = prepared.runs.filter { $0.run.tier == "core" }
    let coreTable = core.table(parameters)
    print(coreTable)
    if let rows { try write(core, coreTable, parameters, to: rows) }
    if let output { try parameters.source.write(toFile: output, atomically: true, encoding: .utf8) }
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
