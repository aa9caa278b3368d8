/// The standard normal distribution.
package enum NormalDistribution {
  /// Probability of a value up to `x`: 1/2 + φ(x)·(x + x³/3 + x⁵/15 + …) (Marsaglia 2004), exact to
  /// rounding; 0 and 1 beyond 8 deviations.
  package static func cumulative(_ x: Double) -> Double {
    if x < -8 { return 0 }
    if x > 8 { return 1 }
    var (sum, term) = (x, x)
    var k = 3.0
    while abs(term) > 1e-17 * abs(sum) {
      term *= x * x / k
      sum += term
      k += 2
    }
    let density = 0.3989422804014327 * exponential(-x * x / 2)
    return min(1, max(0, 0.5 + sum * density))
  }

  /// 90 % of values lie within this many deviations.
  package static let ninetyPercent = 1.6448536269514722
}

/// eˣ by halving the argument until its series converges fast, and squaring back.
package func exponential(_ x: Double) -> Double {
  if x < -700 { return 0 }
  precondition(x < 700, "within the range of Double")
  var halvings = 0
  var small = x
  while abs(small) > 0.25 {
    small /= 2
    halvings += 1
  }
  var (sum, term) = (1.0, 1.0)
  for k in 1...16 {
    term *= small / Double(k)
    sum += term
  }
  for _ in 0..<halvings { sum *= sum }
  return sum
}
