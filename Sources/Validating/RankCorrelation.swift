/// Spearman's rank correlation, ties sharing their mean rank; nil where one side does not vary.
/// Complexity: O(n log n).
package func rankCorrelation(_ x: [Double], _ y: [Double]) -> Double? {
  precondition(x.count == y.count, "pairs of values")
  let (a, b) = (ranks(x), ranks(y))
  let (meanA, meanB) = (mean(a), mean(b))
  var (both, squareA, squareB) = (0.0, 0.0, 0.0)
  for (p, q) in zip(a, b) {
    both += (p - meanA) * (q - meanB)
    squareA += (p - meanA) * (p - meanA)
    squareB += (q - meanB) * (q - meanB)
  }
  return squareA == 0 || squareB == 0 ? nil : both / (squareA * squareB).squareRoot()
}

func mean(_ values: [Double]) -> Double {
  values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}

func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

private func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
  var ranks = [Double](repeating: 0, count: values.count)
  var first = 0
  while first < order.count {
    var last = first
    while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
    for index in first...last { ranks[order[index]] = Double(first + last) / 2 }
    first = last + 1
  }
  return ranks
}
