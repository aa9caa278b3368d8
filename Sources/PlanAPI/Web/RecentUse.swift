/// Values by key that know which of them was not used for the longest.
///
/// A list through an array: every value's slot names those used just before and just after it.
/// Complexity: O(1) for all it does, amortised.
struct RecentUse<Key: Hashable, Value> {
  private struct Slot {
    let key: Key
    let value: Value
    /// Those used just before and just after.
    var older: Int?
    var newer: Int?
  }

  private var slots: [Slot?] = []
  private var vacant: [Int] = []
  private var indices: [Key: Int] = [:]
  private var oldest: Int?
  private var newest: Int?

  var count: Int { indices.count }

  func forEach(_ visit: (Value) -> Void) {
    for case let slot? in slots { visit(slot.value) }
  }

  /// The value of a key, which is now the one used last.
  mutating func use(_ key: Key) -> Value? {
    guard let index = indices[key] else { return nil }
    if index != newest {
      detach(index)
      attach(index)
    }
    return slots[index]!.value
  }

  /// Adds a value as the one used last.
  mutating func insert(_ value: Value, for key: Key) {
    let slot = Slot(key: key, value: value)
    let index: Int
    if let free = vacant.popLast() {
      index = free
      slots[index] = slot
    } else {
      index = slots.count
      slots.append(slot)
    }
    precondition(indices.updateValue(index, forKey: key) == nil, "a key has one value")
    attach(index)
  }

  /// Takes out the value that was not used for the longest.
  mutating func removeOldest() -> Value? {
    guard let index = oldest, let slot = slots[index] else { return nil }
    detach(index)
    indices[slot.key] = nil
    slots[index] = nil
    vacant.append(index)
    return slot.value
  }

  private mutating func attach(_ index: Int) {
    slots[index]!.older = newest
    slots[index]!.newer = nil
    if let newest { slots[newest]!.newer = index } else { oldest = index }
    newest = index
  }

  private mutating func detach(_ index: Int) {
    let (older, newer) = (slots[index]!.older, slots[index]!.newer)
    if let older { slots[older]!.newer = newer } else { oldest = newer }
    if let newer { slots[newer]!.older = older } else { newest = older }
  }
}
