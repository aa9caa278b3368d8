import Costing
import Quantities

extension SeatCosts {
  /// What of a layer's passes a trip goes through.
  enum TripPart { case forward, gradients, whole }

  /// How long a layer takes here at least, as a part of what it takes on another seat in both passes.
  func leastRatio(to other: SeatCosts, _ part: TripPart) -> Double {
    let table = model.table
    return kinds.reduce(Double.infinity) { least, kind in
      let (own, base) = (table.costs[kind], other.model.table.costs[kind])
      let whole = (base.forward.total + base.backward.total).value
      guard whole > 0 else { return least }
      let passes =
        switch part {
        case .forward: own.forward.total
        case .gradients: own.forward.total + own.backward.total - own.weightGradient
        case .whole: own.forward.total + own.backward.total
        }
      return min(least, passes.value / whole)
    }
  }

  /// Of every kind of layer, both passes, the forward one and the weight gradients here as parts of both on
  /// another seat.
  func ratios(to other: SeatCosts) -> [(passes: Double, forward: Double, weight: Double)] {
    let table = model.table
    return kinds.compactMap { kind in
      let (own, base) = (table.costs[kind], other.model.table.costs[kind])
      let whole = (base.forward.total + base.backward.total).value
      guard whole > 0 else { return nil }
      return (
        (own.forward.total + own.backward.total).value / whole, own.forward.total.value / whole,
        own.weightGradient.value / whole
      )
    }
  }
}
