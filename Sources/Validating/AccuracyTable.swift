/// Predictions held against measured runs: errors by source, overall, and how well splits of one job
/// are ranked.
package struct AccuracyTable: Sendable {
  package struct Entry: Sendable {
    package var id: String
    package var source: String
    package var job: String
    package var measuredSeconds: Double
    package var predictedSeconds: Double
    package var measuredGiB: Double?
    package var predictedGiB: Double
    package var fits: Bool

    package init(
      _ run: MeasuredRun, step: Double, predictedSeconds: Double, predictedGiB: Double, fits: Bool
    ) {
      id = run.id
      source = run.source
      job = run.job
      measuredSeconds = step
      self.predictedSeconds = predictedSeconds
      measuredGiB = run.peakMemoryGiB
      self.predictedGiB = predictedGiB
      self.fits = fits
    }

    package var timeError: Double { predictedSeconds / measuredSeconds - 1 }
    package var memoryError: Double? {
      measuredGiB.flatMap { $0 > 0 ? predictedGiB / $0 - 1 : nil }
    }
  }

  package struct SourceLine: Sendable {
    package var source: String
    package var time: [Double]
    package var memory: [Double]
  }

  package var entries: [Entry]

  package init(_ entries: [Entry]) {
    self.entries = entries
  }

  package var sources: [SourceLine] {
    Dictionary(grouping: entries, by: \.source).sorted { $0.key < $1.key }.map { source, entries in
      SourceLine(
        source: source, time: entries.map(\.timeError), memory: entries.compactMap(\.memoryError))
    }
  }

  /// Mean absolute error of the step time over all rows.
  package var timeError: Double { mean(entries.map { abs($0.timeError) }) }
  /// The same, first within each source and then over sources.
  package var macroTimeError: Double { mean(sources.map { mean($0.time.map(abs)) }) }
  package var memoryError: Double { mean(entries.compactMap(\.memoryError).map(abs)) }

  /// Mean rank correlation of throughput within jobs of three or more runs.
  package var rankCorrelation: (mean: Double, jobs: Int) {
    let jobs = Dictionary(grouping: entries, by: \.job).values.filter { $0.count >= 3 }
    let correlations = jobs.compactMap { runs in
      Validating.rankCorrelation(
        runs.map { 1 / $0.predictedSeconds }, runs.map { 1 / $0.measuredSeconds })
    }
    return (mean(correlations), correlations.count)
  }
}

extension AccuracyTable: CustomStringConvertible {
  package var description: String {
    var lines = [
      pad("source", -50) + pad("n", 6) + pad("MAPE%", 8) + pad("median%", 9) + pad("bias%", 8)
        + pad("mem n", 8) + pad("MAPE%", 8)
    ]
    for line in sources {
      lines.append(
        pad(String(line.source.prefix(50)), -50) + pad("\(line.time.count)", 6)
          + percent(mean(line.time.map(abs)), 8) + percent(median(line.time.map(abs)), 9)
          + percent(mean(line.time), 8) + pad("\(line.memory.count)", 8)
          + percent(mean(line.memory.map(abs)), 8))
    }
    let rank = rankCorrelation
    lines.append(
      "ALL n \(entries.count)  MAPE \(percent(timeError, 0))%  median "
        + "\(percent(median(entries.map { abs($0.timeError) }), 0))%  macro "
        + "\(percent(macroTimeError, 0))%  memory n "
        + "\(entries.compactMap(\.memoryError).count) MAPE \(percent(memoryError, 0))%  "
        + "within-job rank \(decimal(rank.mean, 2)) over \(rank.jobs) jobs")
    return lines.joined(separator: "\n")
  }

  private func percent(_ fraction: Double, _ width: Int) -> String {
    pad(fraction.isNaN ? "-" : decimal(fraction * 100, 1), width)
  }
}

/// To the left of a positive width, to the right of a negative one.
func pad(_ text: String, _ width: Int) -> String {
  let fill = String(repeating: " ", count: max(0, abs(width) - text.count))
  return width < 0 ? text + fill : fill + text
}

func decimal(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "-" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((abs(value) * scale).rounded())
  let fraction = String(scaled % Int(scale))
  let zeros = String(repeating: "0", count: max(0, digits - fraction.count))
  let sign = value < 0 && scaled > 0 ? "-" : ""
  return sign + "\(scaled / Int(scale))" + (digits > 0 ? "." + zeros + fraction : "")
}
