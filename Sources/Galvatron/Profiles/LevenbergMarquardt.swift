/// MINPACK's LMDIF (Moré 1978; Moré, Garbow & Hillstrom 1980) for few parameters: minimises the sum
/// of squares of `residuals` in a scaled trust region, with Jacobians by forward differences. Steps,
/// tests and constants are those of the original, as its results are to be reproduced.
struct LevenbergMarquardt {
  private static let tolerance = 1.49012e-8
  private static let machinePrecision = Double.ulpOfOne

  private let residuals: ([Double]) -> [Double]
  private let n: Int
  private let m: Int
  private var x: [Double]
  private var r: [Double]
  /// Column by column.
  private var jacobian: [[Double]] = []
  private var triangle = Triangle()
  private var scale: [Double] = []
  private var radius = 0.0
  private var damping = 0.0
  private var isFirst = true

  init(start: [Double], count: Int, _ residuals: @escaping ([Double]) -> [Double]) {
    self.residuals = residuals
    n = start.count
    m = count
    x = start
    r = residuals(start)
  }

  /// Complexity: O(iterations · points · parameters²).
  mutating func minimize() -> [Double] {
    let mostEvaluations = 200 * (n + 1)
    var evaluations = 1
    while true {
      differentiate()
      evaluations += n
      triangle = Triangle(factoring: jacobian, times: r)
      if isFirst {
        scale = triangle.columnNorms.map { $0 == 0 ? 1 : $0 }
        let size = norm(zip(scale, x).map { $0 * $1 })
        radius = size == 0 ? 100 : 100 * size
      }
      let slope = triangle.steepestSlope(norm(r))
      if slope == 0 { return x }
      for j in 0..<n { scale[j] = max(scale[j], triangle.columnNorms[j]) }
      var accepted = false
      while !accepted {
        let before = norm(r)
        let step = triangle.step(scale, radius: radius, damping: &damping).map { -$0 }
        let candidate = zip(x, step).map { $0 + $1 }
        let length = norm(zip(scale, step).map { $0 * $1 })
        if isFirst { radius = min(radius, length) }
        let next = residuals(candidate)
        evaluations += 1
        let after = norm(next)
        let actual = 0.1 * after < before ? 1 - (after / before) * (after / before) : -1
        let linear = norm(triangle.product(step)) / before
        let damped = damping.squareRoot() * length / before
        let predicted = linear * linear + damped * damped / 0.5
        let derivative = -(linear * linear + damped * damped)
        let ratio = predicted == 0 ? 0 : actual / predicted
        adjustRadius(ratio, actual, derivative, length, shrinksHard: 0.1 * after >= before)
        if ratio >= 1e-4 {
          accepted = true
          isFirst = false
          x = candidate
          r = next
        }
        let size = norm(zip(scale, x).map { $0 * $1 })
        let isFlat =
          abs(actual) <= Self.tolerance && predicted <= Self.tolerance && 0.5 * ratio <= 1
        if isFlat || radius <= Self.tolerance * size || evaluations >= mostEvaluations
          || radius <= Self.machinePrecision * size || slope <= Self.machinePrecision
        {
          return x
        }
      }
    }
  }

  private mutating func adjustRadius(
    _ ratio: Double, _ actual: Double, _ derivative: Double, _ length: Double, shrinksHard: Bool
  ) {
    if ratio <= 0.25 {
      var factor = actual >= 0 ? 0.5 : 0.5 * derivative / (derivative + 0.5 * actual)
      if shrinksHard || factor < 0.1 { factor = 0.1 }
      radius = factor * min(radius, length / 0.1)
      damping /= factor
    } else if damping == 0 || ratio >= 0.75 {
      radius = length / 0.5
      damping *= 0.5
    }
  }

  private mutating func differentiate() {
    let relative = Self.machinePrecision.squareRoot()
    jacobian = (0..<n).map { j in
      var shifted = x
      var h = relative * abs(x[j])
      if h == 0 { h = relative }
      shifted[j] += h
      let moved = residuals(shifted)
      return (0..<m).map { (moved[$0] - r[$0]) / h }
    }
  }
}

/// The Euclidean norm.
func norm(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
