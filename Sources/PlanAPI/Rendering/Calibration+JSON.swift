import Calibrating
import JSON
import Quantities

extension JSONWriter {
  mutating func calibration(_ outcome: Calibration.Outcome) {
    object { w in
      w.name("cost_profile")
      w.costProfile(outcome.profile)
      w.member("parameters_fitted", outcome.names.count)
      w.member("measurements", outcome.before.count)
      w.name("error_before")
      w.errors(outcome.before)
      w.name("error_after")
      w.errors(outcome.after)
      w.array("parameters", outcome.names.indices.map { $0 }) { w, index in
        w.object { w in
          w.member("name", outcome.names[index])
          w.member("value", outcome.profile.entries[index].value)
          w.member(
            "relative_error", max(0, outcome.profile.covariance[index][index]).squareRoot())
        }
      }
      w.member("outliers", outcome.outliers)
    }
  }

  mutating func costProfile(_ profile: CostProfile) {
    object { w in
      w.member("format", CostProfileRule.format)
      w.object("parameters") { w in
        for entry in profile.entries {
          w.name(entry.place.name)
          w.value(entry.value)
        }
      }
      w.array("covariance", profile.covariance) { w, row in w.array(row) { $0.value($1) } }
      w.member("step_deviation", profile.stepDeviation)
      w.member("memory_deviation", profile.memoryDeviation)
      if let runtime = profile.runtimeMemory {
        w.member("runtime_memory_bytes", runtime.value.rounded())
      }
    }
  }

  /// Of ln(predicted / measured).
  private mutating func errors(_ residuals: [Double]) {
    let errors = residuals.map { abs(exponential($0) - 1) }
    let sorted = errors.sorted()
    object { w in
      w.member("mean_absolute_fraction", errors.reduce(0, +) / Double(errors.count))
      w.member("median_absolute_fraction", sorted[sorted.count / 2])
      w.member("largest_absolute_fraction", sorted[sorted.count - 1])
    }
  }

  /// What a profile says of how sure a prediction is.
  mutating func range(_ range: PredictionRange) {
    member(
      "step_seconds_interval", [range.step.lowerBound.value, range.step.upperBound.value])
    member("fits_probability", range.fitsProbability)
  }
}
