/// What searches have worked out, by key. Searches side by side read what they share, and each keeps what is
/// new to itself until all pause: so none waits for another, and there is nothing to lock.
struct SharedMemo<Key: Hashable, Value> {
  private final class Known {
    var values: [Key: Value] = [:]
  }

  private let shared = Known()
  private var own: [Key: Value] = [:]

  /// For a search beside this one.
  var beside: SharedMemo {
    var other = self
    other.own = [:]
    return other
  }

  subscript(key: Key) -> Value? {
    get { shared.values[key] ?? own[key] }
    set { own[key] = newValue }
  }

  mutating func value(_ key: Key, make: () -> Value) -> Value {
    if let known = self[key] { return known }
    let made = make()
    own[key] = made
    return made
  }

  /// Lets the others have what is new, while none of them is at work.
  mutating func share() {
    if shared.values.isEmpty {
      shared.values = own
    } else {
      shared.values.merge(own) { first, _ in first }
    }
    own = [:]
  }
}
