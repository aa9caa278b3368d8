import Costing
import Quantities

/// How measurements depend on numbers: ∂ln(predicted)/∂ln(number).
struct Sensitivity {
  private let places: [CostParameterSlot.Place]
  /// One column a number, one entry a measurement.
  private let columns: [[Double]]

  /// A number counts as determined if, with the ones before it free, ten per cent of it move the
  /// measurements by a fifth of a per cent on average.
  private static let least = 0.02

  /// Complexity: one prediction of each measurement for each number.
  init(
    _ places: [CostParameterSlot.Place], _ observations: [Observation], _ base: CostParameters
  ) {
    self.places = places
    let start = observations.map { $0.predicted(base) }
    let change = 0.02
    columns = places.map { place in
      var moved = base
      place.set(place.value(in: base) * (1 + change), in: &moved)
      return zip(observations, start).map { observation, before in
        logarithm(observation.predicted(moved) / before) / logarithm(1 + change)
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

  /// The numbers that measurements determine best, by pivoted orthogonalisation: each is the one that
  /// moves them most beyond what those before it can.
  func mostDetermined(atMost count: Int) -> [CostParameterSlot.Place] {
    var basis: [[Double]] = []
    var chosen: [Int] = []
    while chosen.count < count {
      let sizes = columns.indices.map { index in
        chosen.contains(index) ? -1 : Self.size(Self.remainder(columns[index], basis))
      }
      guard let best = sizes.indices.max(by: { sizes[$0] < sizes[$1] }),
        sizes[best] > Self.least
      else { break }
      chosen.append(best)
      basis.append(Self.unit(Self.remainder(columns[best], basis)))
    }
    return chosen.sorted().map { places[$0] }
  }

  private static func remainder(_ column: [Double], _ basis: [[Double]]) -> [Double] {
    var rest = column
    for direction in basis {
      let part = zip(rest, direction).reduce(0) { $0 + $1.0 * $1.1 }
      for index in rest.indices { rest[index] -= part * direction[index] }
    }
    return rest
  }

  /// Root mean square.
  private static func size(_ column: [Double]) -> Double {
    guard !column.isEmpty else { return 0 }
    return (column.reduce(0) { $0 + $1 * $1 } / Double(column.count)).squareRoot()
  }

  private static func unit(_ column: [Double]) -> [Double] {
    let length = column.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return column.map { $0 / length }
  }
}
