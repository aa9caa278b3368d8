/// A queue in a ring. Complexity: O(1) for each of its ends, amortised.
struct FirstInFirstOut<Element> {
  private var ring: [Element?] = []
  private var start = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element) {
    if count == ring.count { grow() }
    ring[(start + count) % ring.count] = element
    count += 1
  }

  mutating func removeFirst() -> Element? {
    guard count > 0 else { return nil }
    defer {
      ring[start] = nil
      start = (start + 1) % ring.count
      count -= 1
    }
    return ring[start]
  }

  /// Takes out the elements for which `isUnwanted` holds. Complexity: O(count).
  mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    var kept: [Element?] = []
    while let element = removeFirst() {
      if !isUnwanted(element) { kept.append(element) }
    }
    ring = kept
    start = 0
    count = kept.count
  }

  private mutating func grow() {
    var larger: [Element?] = []
    larger.reserveCapacity(max(8, ring.count * 2))
    for offset in 0..<count { larger.append(ring[(start + offset) % ring.count]) }
    larger.append(contentsOf: repeatElement(nil, count: max(8, ring.count * 2) - count))
    ring = larger
    start = 0
  }
}
