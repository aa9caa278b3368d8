/// The triangular factor of a Jacobian, J·P = Q·R with column pivoting, and Qᵀ·r (MINPACK's QRFAC);
/// and the step within a trust region that it gives (LMPAR, QRSOLV).
struct Triangle {
  private var n = 0
  /// `rows[i][j]`, columns in pivoted order.
  private var rows: [[Double]] = []
  private var pivot: [Int] = []
  /// Of the Jacobian, in its own order.
  private(set) var columnNorms: [Double] = []
  private var rotated: [Double] = []

  init() {}

  init(factoring jacobian: [[Double]], times r: [Double]) {
    n = jacobian.count
    let m = r.count
    var a = jacobian
    columnNorms = a.map(norm)
    var diagonal = columnNorms
    var reference = columnNorms
    pivot = Array(0..<n)
    for j in 0..<n {
      var largest = j
      for k in j..<n where diagonal[k] > diagonal[largest] { largest = k }
      if largest != j {
        a.swapAt(j, largest)
        pivot.swapAt(j, largest)
        diagonal[largest] = diagonal[j]
        reference[largest] = reference[j]
      }
      var length = norm(Array(a[j][j...]))
      guard length != 0 else {
        diagonal[j] = 0
        continue
      }
      if a[j][j] < 0 { length = -length }
      for i in j..<m { a[j][i] /= length }
      a[j][j] += 1
      for k in (j + 1)..<max(j + 1, n) {
        var sum = 0.0
        for i in j..<m { sum += a[j][i] * a[k][i] }
        let factor = sum / a[j][j]
        for i in j..<m { a[k][i] -= factor * a[j][i] }
        guard diagonal[k] != 0 else { continue }
        let part = a[k][j] / diagonal[k]
        diagonal[k] *= max(0, 1 - part * part).squareRoot()
        let change = diagonal[k] / reference[k]
        if 0.05 * change * change <= Double.ulpOfOne {
          diagonal[k] = norm(Array(a[k][(j + 1)...]))
          reference[k] = diagonal[k]
        }
      }
      diagonal[j] = -length
    }
    rotate(r, a)
    rows = Array(repeating: Array(repeating: 0, count: n), count: n)
    for j in 0..<n {
      for i in 0..<j { rows[i][j] = a[j][i] }
      rows[j][j] = diagonal[j]
    }
  }

  private mutating func rotate(_ r: [Double], _ a: [[Double]]) {
    var v = r
    for j in 0..<n where a[j][j] != 0 {
      var sum = 0.0
      for i in j..<v.count { sum += a[j][i] * v[i] }
      let factor = -sum / a[j][j]
      for i in j..<v.count { v[i] += a[j][i] * factor }
    }
    rotated = Array(v.prefix(n))
  }

  /// The largest cosine between the residuals, of norm `size`, and a column of the Jacobian.
  func steepestSlope(_ size: Double) -> Double {
    guard size != 0 else { return 0 }
    var steepest = 0.0
    for j in 0..<n where columnNorms[pivot[j]] != 0 {
      var sum = 0.0
      for i in 0...j { sum += rows[i][j] * (rotated[i] / size) }
      steepest = max(steepest, abs(sum / columnNorms[pivot[j]]))
    }
    return steepest
  }

  /// R·Pᵀ·v.
  func product(_ v: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: n)
    for j in 0..<n { for i in 0...j { result[i] += rows[i][j] * v[pivot[j]] } }
    return result
  }

  /// The step d, to be subtracted, that minimises ‖J·d − r‖ within ‖scale·d‖ ≤ `radius`, to a tenth.
  func step(_ scale: [Double], radius: Double, damping: inout Double) -> [Double] {
    let rank = rows.indices.first { rows[$0][$0] == 0 } ?? n
    var step = plainStep(rank: rank)
    var scaled = zip(scale, step).map { $0 * $1 }
    var length = norm(scaled)
    var excess = length - radius
    guard excess > 0.1 * radius else {
      damping = 0
      return step
    }
    var low = 0.0
    if rank == n {
      var v = (0..<n).map { scale[pivot[$0]] * (scaled[pivot[$0]] / length) }
      for j in 0..<n {
        var sum = 0.0
        for i in 0..<j { sum += rows[i][j] * v[i] }
        v[j] = (v[j] - sum) / rows[j][j]
      }
      let size = norm(v)
      low = excess / radius / size / size
    }
    var slopes = [Double](repeating: 0, count: n)
    for j in 0..<n {
      for i in 0...j { slopes[j] += rows[i][j] * rotated[i] }
      slopes[j] /= scale[pivot[j]]
    }
    let gradient = norm(slopes)
    var high = gradient / radius
    if high == 0 { high = Double.leastNormalMagnitude / min(radius, 0.1) }
    damping = min(max(damping, low), high)
    if damping == 0 { damping = gradient / length }
    for iteration in 1...10 {
      if damping == 0 { damping = max(Double.leastNormalMagnitude, 0.001 * high) }
      let root = damping.squareRoot()
      let (damped, triangle) = dampedStep(scale.map { root * $0 })
      step = damped
      scaled = zip(scale, step).map { $0 * $1 }
      length = norm(scaled)
      let before = excess
      excess = length - radius
      if abs(excess) <= 0.1 * radius || (low == 0 && excess <= before && before < 0)
        || iteration == 10
      {
        break
      }
      var v = (0..<n).map { scale[pivot[$0]] * (scaled[pivot[$0]] / length) }
      for j in 0..<n {
        v[j] /= triangle[j][j]
        for i in (j + 1)..<max(j + 1, n) { v[i] -= triangle[i][j] * v[j] }
      }
      let size = norm(v)
      let correction = excess / radius / size / size
      if excess > 0 { low = max(low, damping) }
      if excess < 0 { high = min(high, damping) }
      damping = max(low, damping + correction)
    }
    return step
  }

  private func plainStep(rank: Int) -> [Double] {
    var v = rotated
    for j in rank..<max(rank, n) { v[j] = 0 }
    for j in (0..<rank).reversed() {
      v[j] /= rows[j][j]
      for i in 0..<j { v[i] -= rows[i][j] * v[j] }
    }
    return unpivoted(v)
  }

  /// The step with `diagonal` appended to the Jacobian, and the lower triangle of that system.
  private func dampedStep(_ diagonal: [Double]) -> ([Double], [[Double]]) {
    var s = [[Double]](repeating: Array(repeating: 0, count: n), count: n)
    for i in 0..<n { for j in 0...i { s[i][j] = rows[j][i] } }
    var v = rotated
    for j in 0..<n where diagonal[pivot[j]] != 0 {
      var row = [Double](repeating: 0, count: n)
      row[j] = diagonal[pivot[j]]
      var right = 0.0
      for k in j..<n where row[k] != 0 {
        let hypotenuse = (s[k][k] * s[k][k] + row[k] * row[k]).squareRoot()
        let (cosine, sine) = (s[k][k] / hypotenuse, row[k] / hypotenuse)
        s[k][k] = cosine * s[k][k] + sine * row[k]
        let top = cosine * v[k] + sine * right
        right = -sine * v[k] + cosine * right
        v[k] = top
        for i in (k + 1)..<max(k + 1, n) {
          let upper = cosine * s[i][k] + sine * row[i]
          row[i] = -sine * s[i][k] + cosine * row[i]
          s[i][k] = upper
        }
      }
    }
    let rank = (0..<n).first { s[$0][$0] == 0 } ?? n
    for j in rank..<max(rank, n) { v[j] = 0 }
    for j in (0..<rank).reversed() {
      var sum = 0.0
      for i in (j + 1)..<max(j + 1, rank) { sum += s[i][j] * v[i] }
      v[j] = (v[j] - sum) / s[j][j]
    }
    return (unpivoted(v), s)
  }

  private func unpivoted(_ v: [Double]) -> [Double] {
    var result = v
    for j in 0..<n { result[pivot[j]] = v[j] }
    return result
  }
}
