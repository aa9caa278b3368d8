/// How an amount is spread over layers or stages.
package struct Distribution: Hashable, Sendable {
  package var total: Double
  package var mean: Double
  /// Of the population.
  package var standardDeviation: Double
  package var minimum: Double
  package var median: Double
  package var maximum: Double

  /// - Precondition: there are values.
  /// - Complexity: O(n log n).
  package init(_ values: [Double]) {
    precondition(!values.isEmpty, "a distribution of something")
    let count = Double(values.count)
    total = values.reduce(0, +)
    mean = total / count
    let mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = (squares / count).squareRoot()
    let sorted = values.sorted()
    minimum = sorted[0]
    maximum = sorted[sorted.count - 1]
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Standard deviation over mean; 0 where all is 0.
  package var coefficientOfVariation: Double { mean > 0 ? standardDeviation / mean : 0 }

  /// Mean over maximum, 1 where all is equal.
  package var evenness: Double { maximum > 0 ? mean / maximum : 1 }
}
