import Costing
import JSON
import PlanAPI
import Planning

/// A run whose request was read, so that it can be predicted many times.
package struct PreparedRun: Sendable {
  package var run: MeasuredRun
  package var step: Double
  package var simulation: SimulationRequest

  package var modelName: String { run.row["model"]?["name"]?.string ?? run.id }

  package func plan(_ parameters: CostParameters) -> Plan {
    simulation.plan(simulation.problem(parameters))
  }

  package func entry(_ plan: Plan) -> AccuracyTable.Entry {
    AccuracyTable.Entry(
      run, step: step, predictedSeconds: plan.prediction.step.value,
      predictedGiB: plan.prediction.peakMemory.gibibytes, fits: plan.fits)
  }
}

/// Runs that can be predicted, and what became of the others.
package struct PreparedRuns: Sendable {
  package var runs: [PreparedRun] = []
  /// By reason.
  package var notAskable: [String: Int] = [:]
  package var refused: [(id: String, why: String)] = []
  /// What runs that ended for want of memory had been asked to do.
  package var outOfMemory: [SimulationRequest] = []

  package init(_ measured: [MeasuredRun], service: PlanService) {
    for run in measured {
      let body: JSONValue
      switch run.request {
      case .body(let value): body = value
      case .none(let reason):
        notAskable[reason, default: 0] += 1
        continue
      }
      guard run.stepSeconds != nil || run.ranOutOfMemory else {
        notAskable["no step time", default: 0] += 1
        continue
      }
      switch service.simulationRequest(body) {
      case .success(let request):
        if let step = run.stepSeconds {
          runs.append(PreparedRun(run: run, step: step, simulation: request))
        } else {
          outOfMemory.append(request)
        }
      case .failure(let faults):
        refused.append(
          (run.id, faults.list.map { "\($0.pointer): \($0.detail)" }.joined(separator: "; ")))
      }
    }
  }

  /// How many of `outOfMemory` are predicted not to fit.
  package func foundOutOfMemory(_ parameters: CostParameters) -> Int {
    outOfMemory.count { !$0.plan($0.problem(parameters)).fits }
  }

  package func table(_ parameters: CostParameters) -> AccuracyTable {
    AccuracyTable(runs.map { $0.entry($0.plan(parameters)) })
  }
}
