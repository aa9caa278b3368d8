import Costing
import Quantities

/// How far measurements move when a number moves as far as it may be off: ln(moved / predicted), for two
/// widths of the number's prior. What small changes hardly show (the host's, where the GPU is a little
/// slower still) is seen so too.
struct Sensitivity {
  /// One column a number, one entry a measurement, each times the root of its weight.
  private let columns: [[Double]]
  /// Of the measurements, over their root mean square.
  private let roots: [Double]

  /// A number counts as determined if, with the ones before it free, it moves the measurements by so
  /// much (root mean square).
  private static let least = 0.02

  /// Complexity: one prediction of each measurement for each number.
  init(_ slots: [CostParameterSlot], _ observations: [Observation], _ base: CostParameters) {
    let mean = observations.reduce(0) { $0 + $1.weight } / Double(max(1, observations.count))
    let roots = observations.map { ($0.weight / mean).squareRoot() }
    self.roots = roots
    let start = observations.map { $0.predicted(base) }
    columns = slots.map { slot in
      var moved = base
      slot.set(slot.farValue(from: slot.value(in: base)), in: &moved)
      return observations.indices.map { index in
        roots[index] * logarithm(observations[index].predicted(moved) / start[index])
      }
    }
  }

  /// The first number that the measurements do not tell apart from the ones before it.
  var firstUndetermined: Int? {
    var basis: [[Double]] = []
    for index in columns.indices {
      let rest = Self.remainder(columns[index], basis)
      guard Self.size(rest) > Self.least else { return index }
      basis.append(Self.unit(rest))
    }
    return nil
  }

  /// The positions of numbers that could explain `residuals` r, the best first: by (c·r)² / (c·c + r·r),
  /// where c is what the number moves beyond those at `chosen`. That is matching pursuit (Mallat & Zhang
  /// 1993), but for r·r: what would have to move further than it is likely to be off counts less. Those
  /// that are not determined beside the chosen ones are left out.
  func explaining(_ residuals: [Double], beside chosen: [Int]) -> [Int] {
    let residuals = zip(residuals, roots).map { $0 * $1 }
    var basis: [[Double]] = []
    for index in chosen {
      let rest = Self.remainder(columns[index], basis)
      if Self.size(rest) > 0 { basis.append(Self.unit(rest)) }
    }
    let gains = columns.indices.compactMap { index -> (index: Int, gain: Double)? in
      let rest = Self.remainder(columns[index], basis)
      guard !chosen.contains(index), Self.size(rest) > Self.least else { return nil }
      let part = Self.product(rest, residuals)
      return (index, part * part / (Self.product(rest, rest) + Self.product(residuals, residuals)))
    }
    return gains.sorted { ($0.gain, $1.index) > ($1.gain, $0.index) }.map(\.index)
  }

  private static func remainder(_ column: [Double], _ basis: [[Double]]) -> [Double] {
    var rest = column
    for direction in basis {
      let part = product(rest, direction)
      for index in rest.indices { rest[index] -= part * direction[index] }
    }
    return rest
  }

  /// Root mean square.
  private static func size(_ column: [Double]) -> Double {
    guard !column.isEmpty else { return 0 }
    return (product(column, column) / Double(column.count)).squareRoot()
  }

  private static func unit(_ column: [Double]) -> [Double] {
    let length = product(column, column).squareRoot()
    return column.map { $0 / length }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

extension CostParameterSlot {
  /// Two widths of the prior above `value`, or below it where the bound is nearer.
  fileprivate func farValue(from value: Double) -> Double {
    let factor = exponential(2 * spread)
    let above = min(value * factor, bounds.upperBound)
    let below = max(value / factor, bounds.lowerBound)
    return above * below >= value * value ? above : below
  }
}
