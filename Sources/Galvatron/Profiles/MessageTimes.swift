/// Measured times of one collective in one group, by message size in MB (2^20 bytes): a measured
/// size takes its own time, any other the time of the line fitted to all of them. In milliseconds.
package struct MessageTimes: Hashable, Sendable {
  package var measured: [Int: Double]
  package var perMegabyte: Double
  package var constant: Double

  package init(measured: [Int: Double] = [:], perMegabyte: Double, constant: Double) {
    self.measured = measured
    self.perMegabyte = perMegabyte
    self.constant = constant
  }

  /// Fits the line as `scipy.optimize.curve_fit` does.
  ///
  /// - Parameter points: at least two, in the profile's order.
  package init(points: [(megabytes: Int, milliseconds: Double)]) {
    let line = CurveFit.line(points.map { (Double($0.megabytes), $0.milliseconds) })
    self.init(
      measured: Dictionary(points.map { ($0.megabytes, $0.milliseconds) }) { $1 },
      perMegabyte: line.slope, constant: line.intercept)
  }

  package func milliseconds(megabytes: Double) -> Double {
    let whole = megabytes.rounded(.down)
    if whole == megabytes, whole < 0x1p40, let time = measured[Int(whole)] { return time }
    return perMegabyte * megabytes + constant
  }

  /// An all-gather moves half of what an all-reduce does.
  package var halved: MessageTimes {
    MessageTimes(
      measured: measured.mapValues { 0.5 * $0 }, perMegabyte: 0.5 * perMegabyte,
      constant: 0.5 * constant)
  }
}
