/// Robust nonlinear least squares over positive parameters.
///
/// Minimises Σ wᵢ·ρ(rᵢ(x)) + Σ (ln(xⱼ / priorⱼ) / spreadⱼ)² by Levenberg–Marquardt
/// (Marquardt 1963) with iteratively reweighted residuals: ρ is quadratic up to `huber` and linear
/// beyond (Huber 1964), so that single rows far off do not drag the fit along. Predicted times have kinks,
/// where one cause takes over from another; a fit that is caught in one goes on along single parameters.
package struct LeastSquares: Sendable {
  package struct Parameter: Hashable, Sendable {
    package var name: String
    /// Where the search starts, and what the data must argue against.
    package var prior: Double
    /// Width of the prior, as a natural logarithm: twice as much is as unlikely as half of it.
    package var spread: Double
    package var bounds: ClosedRange<Double>

    package init(_ name: String, prior: Double, spread: Double, bounds: ClosedRange<Double>) {
      precondition(prior > 0 && bounds.contains(prior), "\(name): prior lies within its bounds")
      self.name = name
      self.prior = prior
      self.spread = spread
      self.bounds = bounds
    }

    /// From the prior, in widths.
    func distance(of value: Double) -> Double { logarithm(value / prior) / spread }
  }

  package struct Fit: Sendable {
    package var values: [Double]
    /// Robust objective, the prior's part included.
    package var objective: Double
    /// Relative standard error of each parameter, from the curvature at the optimum.
    package var relativeErrors: [Double]
    /// (Jᵀ·W·J + prior)⁻¹ at the optimum, for relative changes; times the residuals' variance it is
    /// the parameters' covariance.
    package var inverseCurvature: [[Double]]
    package var iterations: Int
  }

  package var parameters: [Parameter]
  /// Residuals beyond this count linearly.
  package var huber: Double
  /// How strongly the prior speaks, in residual units squared.
  package var priorWeight: Double

  package init(parameters: [Parameter], huber: Double = 0.05, priorWeight: Double = 0.01) {
    self.parameters = parameters
    self.huber = huber
    self.priorWeight = priorWeight
  }

  /// `residuals` also learns which single parameter was moved since the last time none was named.
  ///
  /// Complexity: O(iterations · parameters) evaluations of `residuals`.
  package func fit(
    from start: [Double]? = nil, weights: [Double], iterations: Int = 40,
    residuals: ([Double], Int?) -> [Double]
  ) -> Fit {
    var x = start ?? parameters.map(\.prior)
    var r = residuals(x, nil)
    var best = objective(x, r, weights)
    var damping = Self.firstDamping
    var done = 0
    var curvature: [[Double]] = []
    for _ in 0..<iterations {
      done += 1
      let (matrix, gradient) = normalEquations(x, r, weights, residuals)
      curvature = matrix
      var improved = false
      for _ in 0..<12 {
        var damped = matrix
        var gradient = gradient
        for j in damped.indices {
          damped[j][j] *= 1 + damping
          // What is pushed against its bound stays there, and leaves the rest alone.
          if (x[j] <= parameters[j].bounds.lowerBound && gradient[j] > 0)
            || (x[j] >= parameters[j].bounds.upperBound && gradient[j] < 0)
          {
            for k in damped.indices {
              damped[j][k] = 0
              damped[k][j] = 0
            }
            damped[j][j] = 1
            gradient[j] = 0
          }
        }
        guard let step = Self.solve(damped, gradient) else { break }
        let candidate = zip(x, zip(step, parameters)).map { value, rest in
          let (delta, parameter) = rest
          // Steps are relative: a parameter keeps its sign and at most doubles.
          let moved = value * max(0.5, min(2, 1 - delta))
          return min(max(moved, parameter.bounds.lowerBound), parameter.bounds.upperBound)
        }
        let residual = residuals(candidate, nil)
        let value = objective(candidate, residual, weights)
        if value < best {
          improved = best - value > 1e-7 * best
          (x, r, best) = (candidate, residual, value)
          damping = max(1e-6, damping / 4)
          break
        }
        damping *= 4
      }
      if !improved {
        let before = best
        descend(&x, &r, &best, weights, residuals)
        guard before - best > 1e-5 * before else { break }
        damping = Self.firstDamping
      }
    }
    // At the optimum: the last step has moved away from where the curvature was taken.
    _ = residuals(x, nil)
    curvature = normalEquations(x, r, weights, residuals).matrix
    let inverse = Self.inverse(curvature)
    return Fit(
      values: x, objective: best,
      relativeErrors: inverse.indices.map { j in
        inverse[j][j] > 0 ? inverse[j][j].squareRoot() : .infinity
      },
      inverseCurvature: inverse, iterations: done)
  }

  private static let firstDamping = 1e-2

  /// Moves one parameter after the other, by less and less, where that alone lowers the objective.
  ///
  /// Complexity: O(parameters) evaluations of `residuals`.
  private func descend(
    _ x: inout [Double], _ r: inout [Double], _ best: inout Double, _ weights: [Double],
    _ residuals: ([Double], Int?) -> [Double]
  ) {
    r = residuals(x, nil)
    for width in [0.1, 0.03, 0.01] {
      for j in x.indices {
        for factor in [1 + width, 1 - width] {
          let bounds = parameters[j].bounds
          var candidate = x
          candidate[j] = min(max(x[j] * factor, bounds.lowerBound), bounds.upperBound)
          let value = objective(candidate, residuals(candidate, j), weights)
          guard value < best else { continue }
          (x, best) = (candidate, value)
          r = residuals(x, nil)
          break
        }
      }
    }
  }

  private func objective(_ x: [Double], _ r: [Double], _ weights: [Double]) -> Double {
    var sum = 0.0
    for (residual, weight) in zip(r, weights) {
      let size = abs(residual)
      sum += weight * (size <= huber ? size * size : huber * (2 * size - huber))
    }
    for (value, parameter) in zip(x, parameters) {
      let distance = parameter.distance(of: value)
      sum += priorWeight * distance * distance
    }
    return sum
  }

  /// Jᵀ·W·J and Jᵀ·W·r for relative changes of the parameters, by central differences, one-sided at
  /// a bound.
  private func normalEquations(
    _ x: [Double], _ r: [Double], _ weights: [Double], _ residuals: ([Double], Int?) -> [Double]
  ) -> (matrix: [[Double]], gradient: [Double]) {
    // Wide enough to see past small kinks.
    let step = 3e-3
    let columns = x.indices.map { j in
      let (lower, upper) = (
        max(x[j] * (1 - step), parameters[j].bounds.lowerBound),
        min(x[j] * (1 + step), parameters[j].bounds.upperBound)
      )
      guard lower < upper else { return [Double](repeating: 0, count: r.count) }
      func moved(_ value: Double) -> [Double] {
        var moved = x
        moved[j] = value
        return residuals(moved, j)
      }
      return zip(moved(upper), moved(lower)).map { ($0 - $1) * x[j] / (upper - lower) }
    }
    let robust = zip(r, weights).map { residual, weight in
      weight * (abs(residual) <= huber ? 1 : huber / abs(residual))
    }
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: x.count), count: x.count)
    var gradient = [Double](repeating: 0, count: x.count)
    for a in x.indices {
      for b in 0...a {
        var sum = 0.0
        for i in r.indices { sum += robust[i] * columns[a][i] * columns[b][i] }
        matrix[a][b] = sum
        matrix[b][a] = sum
      }
      for i in r.indices { gradient[a] += robust[i] * columns[a][i] * r[i] }
      let scale = 1 / parameters[a].spread
      matrix[a][a] += priorWeight * scale * scale
      gradient[a] += priorWeight * scale * parameters[a].distance(of: x[a])
    }
    return (matrix, gradient)
  }

  /// Zero rows for a matrix that has no inverse.
  private static func inverse(_ matrix: [[Double]]) -> [[Double]] {
    matrix.indices.map { j in
      var unit = [Double](repeating: 0, count: matrix.count)
      unit[j] = 1
      return solve(matrix, unit) ?? [Double](repeating: 0, count: matrix.count)
    }
  }

  /// Gaussian elimination with partial pivoting; nil for a singular matrix.
  static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
    var a = matrix
    var b = right
    let n = b.count
    for column in 0..<n {
      guard
        let pivot = (column..<n).max(by: { abs(a[$0][column]) < abs(a[$1][column]) }),
        abs(a[pivot][column]) > 1e-300
      else { return nil }
      a.swapAt(column, pivot)
      b.swapAt(column, pivot)
      for row in (column + 1)..<max(n, column + 1) {
        let factor = a[row][column] / a[column][column]
        guard factor != 0 else { continue }
        for k in column..<n { a[row][k] -= factor * a[column][k] }
        b[row] -= factor * b[column]
      }
    }
    for row in stride(from: n - 1, through: 0, by: -1) {
      for k in (row + 1)..<max(n, row + 1) { b[row] -= a[row][k] * b[k] }
      b[row] /= a[row][row]
    }
    return b
  }
}
