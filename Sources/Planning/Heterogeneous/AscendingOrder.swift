/// Visits the indices before `count` by ascending keys, equal ones in order, for as long as `visit` wants: of
/// the handful of pools that there are, without an array of them. Complexity: O(count²).
@inline(__always)
func forEachAscending(
  _ count: Int, by key: (Int) -> Double, while visit: (Int) -> Bool
) {
  var last = (key: -Double.infinity, index: -1)
  for _ in 0..<count {
    var next = (key: Double.infinity, index: -1)
    for index in 0..<count {
      let key = key(index)
      if (key, index) > last, next.index < 0 || key < next.key { next = (key, index) }
    }
    if next.index < 0 || !visit(next.index) { return }
    last = next
  }
}
