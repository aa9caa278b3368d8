/// Least squares as `scipy.optimize.curve_fit` does it without bounds, so that times computed from
/// fitted curves agree with Galvatron's to the last digits: Levenberg–Marquardt with forward
/// differences from a start of ones, to a tolerance of 1.49012e-8. A polynomial's exact fit differs
/// from that by up to 1e-8, which is more than Galvatron's own tests allow.
package enum CurveFit {
  /// `slope · x + intercept`.
  package static func line(_ points: [(x: Double, y: Double)]) -> (slope: Double, intercept: Double)
  {
    let p = fit(points, parameters: 2) { p, x in p[0] * x + p[1] }
    return (p[0], p[1])
  }

  /// The value at `x` of the parabola fitted to the points.
  package static func parabola(_ points: [(x: Double, y: Double)], at x: Double) -> Double {
    let p = fit(points, parameters: 3) { p, x in p[0] * x * x + p[1] * x + p[2] }
    return p[0] * x * x + p[1] * x + p[2]
  }

  private static func fit(
    _ points: [(x: Double, y: Double)], parameters: Int,
    _ curve: @escaping ([Double], Double) -> Double
  ) -> [Double] {
    precondition(points.count >= parameters, "a curve needs as many points as parameters")
    var solver = LevenbergMarquardt(
      start: Array(repeating: 1, count: parameters), count: points.count
    ) { p in points.map { curve(p, $0.x) - $0.y } }
    return solver.minimize()
  }
}
