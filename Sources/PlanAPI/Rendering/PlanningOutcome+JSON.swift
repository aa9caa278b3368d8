import Calibrating
import Exporting
import JSON
import Planning
import Quantities

extension JSONWriter {
  /// The answer of a search that found a plan.
  mutating func result(
    _ result: PlanningResult, _ job: JobRequest, comparison: Comparison? = nil,
    searchSeconds: Double, exports: [Result<Export, ExportRefusal>] = [],
    range: PredictionRange? = nil
  ) {
    object { w in
      w.member("status", result.proof.isClosed ? "optimal" : "feasible")
      w.member("model_name", job.graph.name)
      w.name("plan")
      w.plan(result.best, of: job)
      w.exports(exports)
      if let range { w.range(range) }
      w.object("proof") { w in
        w.member("lower_bound_seconds", result.proof.lowerBound.value)
        w.member("gap_fraction", result.proof.gapFraction)
        w.member("strategies_considered", result.proof.strategiesConsidered)
        w.member("strategies_pruned", result.proof.strategiesPruned)
        w.member("search_seconds", searchSeconds)
      }
      if let explanation = result.explanation { w.explanation(explanation) }
      w.array("alternatives", result.alternatives) { $0.plan($1, of: job) }
      w.member("trade_offs", result.alternatives.map { $0.tradeOff(against: result.best) })
      if !result.frontier.isEmpty {
        w.array("frontier", result.frontier) { $0.plan($1, of: job) }
      }
      if let comparison { w.comparison(comparison) }
      w.member("warnings", job.warnings + result.warnings)
    }
  }

  private mutating func explanation(_ explanation: Explanation) {
    object("explanation") { w in
      w.member("bound_by", explanation.boundBy.rawValue)
      w.member("detail", explanation.detail)
      w.array("levers", explanation.levers) { w, lever in
        w.object { w in
          w.member("change", lever.change.rawValue)
          w.member("step_seconds", lever.step.value)
          w.member("gain_fraction", lever.gain)
          w.member("detail", lever.detail)
        }
      }
    }
  }

  /// What the plan gains over those that know less of the cluster.
  private mutating func comparison(_ comparison: Comparison) {
    object("comparison") { w in
      if let pool = comparison.onePool {
        w.object("one_pool") { w in
          w.member("pool", pool.name)
          w.member("step_seconds", pool.step.value)
          w.member("times_slower", comparison.factor(pool.step))
        }
      }
      if let even = comparison.evenStep {
        w.object("ignoring_differences") { w in
          w.member("step_seconds", even.value)
          w.member("times_slower", comparison.factor(even))
        }
      }
      w.array("idle", comparison.idle) { w, idle in
        w.object { w in
          w.member("pool", idle.pool)
          w.member("gpus", idle.gpus)
          w.member("of", idle.of)
        }
      }
    }
  }

  /// The answer where no plan is possible, and why.
  mutating func infeasibility(_ infeasibility: Infeasibility, _ job: JobRequest) {
    object { w in
      w.member("status", "infeasible")
      w.member("model_name", job.graph.name)
      w.name("reason")
      w.reason(infeasibility.reason, job)
      w.member("remedies", infeasibility.remedies)
      w.member("warnings", job.warnings)
    }
  }

  /// The answer where time was up before a plan was found, or shown to be impossible.
  ///
  /// - Parameter costModel: Where the request names one.
  mutating func undecided(
    _ job: JobRequest, by costModel: CostModelName? = nil, warnings: [String]
  ) {
    object { w in
      w.member("status", "unknown")
      if let costModel { w.member("cost_model", costModel.rawValue) }
      w.member("model_name", job.graph.name)
      w.object("reason") { w in
        w.member("kind", "deadline")
        w.member("detail", Sentence.outOfTime)
      }
      w.member("remedies", [Sentence.moreTime])
      w.member("warnings", warnings)
    }
  }

  private mutating func reason(_ reason: Infeasibility.Reason, _ job: JobRequest) {
    object { w in
      switch reason {
      case .noStrategy(let rules):
        w.member("kind", "no_strategy")
        w.member("detail", Sentence.noStrategy)
        w.member("rules", rules)
      case .memory(let nearest, let stage, let excess):
        w.member("kind", "memory")
        w.member(
          "detail",
          Sentence.memory(
            excess, over: nearest.stages[stage].memoryLimit, atStage: stage))
        w.member("stage_id", stage)
        w.member("excess_bytes", excess.value.rounded(.up))
        w.member("memory_limit_bytes", nearest.stages[stage].memoryLimit.value.rounded(.down))
        w.name("nearest_plan")
        w.plan(nearest, of: job)
      }
    }
  }
}
