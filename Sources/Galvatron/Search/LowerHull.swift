/// The lower convex hull of values over sizes, as far as they fall: what a mixture of options costs
/// least at a mean size.
struct LowerHull {
  /// Positions of the options on the hull, by size.
  private(set) var corners: [Int] = []
  private let sizes: [Double]
  private let values: [Double]

  /// - Parameter sizes: ascending.
  /// - Complexity: O(options).
  init(sizes: [Double], values: [Double]) {
    self.sizes = sizes
    self.values = values
    for index in sizes.indices {
      if let last = corners.last {
        // What is larger must cost less.
        if values[index] >= values[last] { continue }
        if sizes[index] == sizes[last] { corners.removeLast() }
      }
      while corners.count >= 2, isAbove(corners[corners.count - 1], index) {
        corners.removeLast()
      }
      corners.append(index)
    }
  }

  /// The last corner but one, the last and a new one do not turn left at the last.
  private func isAbove(_ last: Int, _ next: Int) -> Bool {
    let before = corners[corners.count - 2]
    let (dx, dy) = (sizes[last] - sizes[before], values[last] - values[before])
    let (ex, ey) = (sizes[next] - sizes[before], values[next] - values[before])
    return dy * ex >= ey * dx
  }

  /// The corners left and right of a mean size; the same twice at the hull's end; `nil` where even
  /// the smallest option is larger.
  func segment(at size: Double) -> (left: Int, right: Int)? {
    guard let first = corners.first, sizes[first] <= size else { return nil }
    for position in 1..<max(1, corners.count) where sizes[corners[position]] > size {
      return (corners[position - 1], corners[position])
    }
    let last = corners[corners.count - 1]
    return (last, last)
  }

  /// The least mean value at a mean size.
  func value(at size: Double) -> Double? {
    guard let (left, right) = segment(at: size) else { return nil }
    guard left != right else { return values[left] }
    let part = (size - sizes[left]) / (sizes[right] - sizes[left])
    return values[left] + part * (values[right] - values[left])
  }
}
