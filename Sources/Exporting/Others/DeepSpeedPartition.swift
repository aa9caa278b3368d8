/// How DeepSpeed's `PipelineModule` cuts a list of layers by itself (`runtime/utils.py`, release 0.16).
/// It takes no other split.
enum DeepSpeedPartition {
  /// As many layers on each stage, the first ones one more where that does not divide.
  static func uniform(_ items: Int, parts: Int) -> [Int] {
    if items <= parts { return (0...parts).map { min($0, items) } }
    let (size, residual) = items.quotientAndRemainder(dividingBy: parts)
    return (0...parts).map { $0 * size + min($0, residual) }
  }

  /// The split with the least difference between the heaviest and the lightest stage, as far as one
  /// pass over prefixes finds it; of equals the one whose last stages are smallest.
  ///
  /// Complexity: O(items² · parts).
  static func balanced(_ weights: [Double], parts: Int) -> [Int] {
    let items = weights.count
    if items <= parts { return uniform(items, parts: parts) }
    let width = parts + 1
    let size = (items + 1) * width
    var most = [Double](repeating: .infinity, count: size)
    var least = most
    var cost = most
    var position = [Int](repeating: 0, count: size)
    let prefix = weights.reduce(into: [0.0]) { $0.append($0.last! + $1) }
    (most[0], cost[0]) = (0, 0)
    for i in 1...items {
      for j in 1...min(i, parts) {
        for k in 0..<i {
          let weight = prefix[i] - prefix[k]
          let heaviest = max(most[k * width + j - 1], weight)
          let lightest = min(least[k * width + j - 1], weight)
          let difference = heaviest - lightest
          if cost[i * width + j] >= difference {
            cost[i * width + j] = difference
            most[i * width + j] = heaviest
            least[i * width + j] = lightest
            position[i * width + j] = k
          }
        }
      }
    }
    var bounds = [items]
    for part in stride(from: parts, through: 1, by: -1) {
      bounds.append(position[bounds.last! * width + part])
    }
    return bounds.reversed()
  }
}
