import Glibc
import Synchronization

/// One accepted socket, from `accept` to libmicrohttpd's closing it.
final class Connection: Sendable {
  /// What the connection is about, which decides how long it may take.
  enum Phase: UInt64 {
    /// Between requests: nothing of the next one was read to its first line's end.
    case waiting
    /// Its request line has come, the rest of the head not yet.
    case head
    /// The body is coming.
    case body
    /// A worker has it, or it stands in line for one.
    case working
    case sending
    /// A streamed body, which takes as long as it takes.
    case streaming
    /// The sweeper has cut it; what else arrives is not looked at.
    case expired
  }

  let descriptor: Int32
  let serial: UInt32
  let address: String
  /// Accepted beyond the limits, for probes only.
  let surplusRefusal: HTTPRefusal?
  /// Answers a fault that libmicrohttpd found, with the status it chose.
  private let onFault: @Sendable (Connection, Int) -> Void

  /// Phase in the low three bits, above them the millisecond of entering it, or the phase that
  /// expired: one word, so that the event loop and the sweeper never both win.
  private let word: Atomic<UInt64>
  private let current = Mutex<Exchange?>(nil)
  private let hasHungUp = Atomic<Bool>(false)
  private let isWatched = Atomic<Bool>(false)
  private let wantsLingering = Atomic<Bool>(false)

  init(
    descriptor: Int32, serial: UInt32, address: String, surplusRefusal: HTTPRefusal?,
    onFault: @escaping @Sendable (Connection, Int) -> Void
  ) {
    self.onFault = onFault
    self.descriptor = descriptor
    self.serial = serial
    self.address = address
    self.surplusRefusal = surplusRefusal
    word = Atomic(Self.packed(.waiting, MonotonicClock.nanoseconds()))
  }

  private static func packed(_ phase: Phase, _ moment: UInt64) -> UInt64 {
    (moment / 1_000_000) << 3 | phase.rawValue
  }

  var phase: Phase { Phase(rawValue: word.load(ordering: .acquiring) & 7)! }

  /// The phase that the sweeper cut short, if it did.
  var expiredPhase: Phase? {
    let seen = word.load(ordering: .acquiring)
    return seen & 7 == Phase.expired.rawValue ? Phase(rawValue: seen >> 3) : nil
  }

  /// Moves on; false when the sweeper was first, and the connection is to be dropped.
  func enter(_ phase: Phase, at moment: UInt64 = MonotonicClock.nanoseconds()) -> Bool {
    var seen = word.load(ordering: .acquiring)
    let next = Self.packed(phase, moment)
    while seen & 7 != Phase.expired.rawValue {
      let (isExchanged, original) = word.compareExchange(
        expected: seen, desired: next, ordering: .acquiringAndReleasing)
      if isExchanged { return true }
      seen = original
    }
    return false
  }

  /// Cuts the phase short if it has lasted longer than its limit; true for whoever did it.
  func expire(at milliseconds: UInt64, limit: (Phase) -> UInt64?) -> Bool {
    let seen = word.load(ordering: .acquiring)
    let phase = Phase(rawValue: seen & 7)!
    guard let limit = limit(phase), milliseconds > (seen >> 3) + limit else { return false }
    return word.compareExchange(
      expected: seen, desired: phase.rawValue << 3 | Phase.expired.rawValue,
      ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Whether a worker has had the request for longer than `limit` milliseconds.
  func hasWorked(longerThan limit: UInt64, at milliseconds: UInt64) -> Bool {
    let seen = word.load(ordering: .acquiring)
    return seen & 7 == Phase.working.rawValue && milliseconds > (seen >> 3) + limit
  }

  /// The exchange under way.
  var exchange: Exchange? {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  /// The exchange while a worker has it or makes its stream, the only one that other threads than the
  /// event loop may touch.
  var exchangeAtWork: Exchange? { phase == .working || phase == .streaming ? exchange : nil }

  /// True the first time: from then on the doorman is to hear when the peer hangs up.
  func beginWatching() -> Bool { !isWatched.exchange(true, ordering: .relaxed) }

  /// Whether the peer has closed its sending side or the whole connection, as far as that is watched.
  var peerHasHungUp: Bool { hasHungUp.load(ordering: .acquiring) }

  func markHungUp() { hasHungUp.store(true, ordering: .releasing) }

  /// Whether unread bytes are to be read away after the close, lest the kernel's reset destroys the
  /// answer on its way.
  var lingers: Bool { wantsLingering.load(ordering: .relaxed) }

  func markLingering() { wantsLingering.store(true, ordering: .relaxed) }

  /// The library has answered for us; `server` says it in our way.
  func answerLibraryFault(status: Int) {
    guard phase != .expired else { return }
    onFault(self, status)
  }
}
