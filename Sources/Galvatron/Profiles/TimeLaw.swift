/// A time that grows with the samples of a micro-batch on one GPU: `perSample · samples + constant`,
/// in milliseconds.
package struct TimeLaw: Hashable, Sendable {
  package var perSample: Double
  package var constant: Double

  package init(perSample: Double, constant: Double = 0) {
    self.perSample = perSample
    self.constant = constant
  }

  package func milliseconds(samples: Double) -> Double { perSample * samples + constant }

  package static func * (law: TimeLaw, factor: Double) -> TimeLaw {
    TimeLaw(perSample: law.perSample * factor, constant: law.constant * factor)
  }
}
