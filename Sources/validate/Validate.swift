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
    while let flag = arguments.first, flag.hasPrefix("--"), arguments.count >= 2 {
      switch flag {
      case "--tier": tiers = Set(arguments[1].split(separator: ",").map(String.init))
      case "--rows": rows = arguments[1]
      default: break
      }
      arguments.removeFirst(2)
    }
    guard let path = arguments.first else {
      print("usage: validate [--tier core,micro|all] [--rows OUT.tsv] RUNS.jsonl")
      exit(2)
    }
    let text = try Data(contentsOf: URL(filePath: path))
    let measured = try MeasuredRun.runs([UInt8](text))
      .filter { tiers.contains("all") || tiers.contains($0.tier) }
    let service = PlanService(model: ModelGraphRule())
    let prepared = PreparedRuns(measured, service: service)
    let start = ContinuousClock.now
    let table = prepared.table(service.parameters)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(
      "rows \(measured.count)  asked \(prepared.runs.count + prepared.refused.count)  "
        + "not askable \(prepared.notAskable)  refused \(prepared.refused.count)")
    for refusal in prepared.refused { print("refused \(refusal.id): \(refusal.why)") }
    print(table)
    print("predicted in \(seconds) s")
    if let rows {
      let lines = zip(prepared.runs, table.entries).map { run, entry in
        let plan = run.plan(service.parameters)
        let b = plan.prediction.breakdown
        let parts = [
          b.compute, b.recompute, b.tensorParallel, b.contextParallel, b.expertParallel,
          b.pipeline, b.bubble, b.dataParallel, b.optimizer,
        ].map { "\($0.value)" }
        let memories = plan.stages.map { $0.memory }
        let m = memories.max { $0.total < $1.total }!
        let mem = [m.weights, m.gradients, m.optimizer, m.activations, m.workspace].map {
          "\($0.gibibytes)"
        }
        return
          ([
            entry.id, "\(entry.measuredSeconds)", "\(entry.predictedSeconds)",
            entry.measuredGiB.map { "\($0)" } ?? "", "\(entry.predictedGiB)",
          ] + parts + mem).joined(separator: "\t")
      }
      try (lines.joined(separator: "\n") + "\n").write(
        toFile: rows, atomically: true, encoding: .utf8)
    }
  }
}
