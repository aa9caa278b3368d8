/// The tape while it is written: a growing buffer without the uniqueness checks of an array, which
/// cost as much as reading a small number does.
struct TapeBuilder: ~Copyable {
  private var entries: UnsafeMutablePointer<TapeEntry>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    precondition(capacity > 0, "a tape has room for one value at least")
    entries = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { entries.deallocate() }

  @inline(__always)
  mutating func append(_ entry: TapeEntry) {
    if count == capacity { grow() }
    (entries + count).initialize(to: entry)
    count += 1
  }

  subscript(index: Int) -> TapeEntry {
    get {
      assert(index < count)
      return entries[index]
    }
    set {
      assert(index < count)
      entries[index] = newValue
    }
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<TapeEntry>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: entries, count: count)
    entries.deallocate()
    entries = larger
    capacity *= 2
  }

  /// What was written so far.
  var tape: [TapeEntry] { Array(UnsafeBufferPointer(start: entries, count: count)) }
}
