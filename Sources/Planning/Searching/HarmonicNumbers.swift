/// Hₙ = 1 + 1/2 + … + 1/n up to some n, worked out once.
struct HarmonicNumbers: Sendable {
  private let sums: [Double]

  init(upTo most: Int) {
    var sums = [0.0]
    sums.reserveCapacity(most + 1)
    for n in stride(from: 1, through: most, by: 1) { sums.append(sums[n - 1] + 1 / Double(n)) }
    self.sums = sums
  }

  subscript(n: Int) -> Double { sums[n] }
}
