import Calibrating
import Testing

@Suite struct MathematicsTests {
  @Test(arguments: [(-1.96, 0.0249979), (0, 0.5), (1, 0.8413447), (3, 0.9986501)])
  func normalDistribution(x: Double, probability: Double) {
    #expect(abs(NormalDistribution.cumulative(x) - probability) < 1e-6)
  }

  @Test(arguments: [-20.0, -1, 0, 0.1, 1, 10])
  func exponentials(x: Double) {
    let products = exponential(x) * exponential(-x)
    #expect(abs(products - 1) < 1e-12)
  }

  @Test func exponentialOfOne() {
    #expect(abs(exponential(1) - 2.718281828459045) < 1e-14)
  }

  /// A line through points, one of them far off: the outlier moves the fit little.
  @Test func leastSquaresShrugsOffOutliers() {
    let fit = LeastSquares(
      parameters: [
        .init("slope", prior: 1, spread: 10, bounds: 0.1...10),
        .init("offset", prior: 1, spread: 10, bounds: 0.01...10),
      ], huber: 0.05, priorWeight: 1e-9)
    let points: [(y: Double, x: Double)] = (0..<20).map { index in
      let x = Double(index) / 20
      return (y: index == 7 ? 9 : 0.5 + 2 * x, x: x)
    }
    let result = fit.fit(weights: points.map { _ in 1 }, iterations: 60) { values, _ in
      points.map { values[0] * $0.x + values[1] - $0.y }
    }
    #expect(abs(result.values[0] - 2) < 0.1)
    #expect(abs(result.values[1] - 0.5) < 0.1)
  }

  /// Without outliers and prior, the inverse curvature is that of linear regression.
  @Test func leastSquaresKnowsItsCovariance() {
    let fit = LeastSquares(
      parameters: [.init("mean", prior: 1, spread: 1e6, bounds: 0.1...10)], huber: 10,
      priorWeight: 1e-12)
    let result = fit.fit(weights: [1, 1, 1, 1], iterations: 40) { values, _ in
      [0.9, 1.1, 1.0, 1.0].map { values[0] - $0 }
    }
    #expect(abs(result.values[0] - 1) < 1e-6)
    // Variance of a mean of four unit measurements, relative to a value of 1.
    #expect(abs(result.inverseCurvature[0][0] - 0.25) < 1e-4)
  }
}
