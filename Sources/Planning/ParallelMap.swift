/// Does independent work, one piece after the other or several at once: the shell knows the cores. What comes
/// of it is the same.
package struct ParallelMap: Sendable {
  package typealias ForEach = @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

  private let forEach: ForEach

  /// - Parameter forEach: Calls its second argument with every index below its first, on any threads, and
  ///   returns when all calls have.
  package init(forEach: @escaping ForEach) { self.forEach = forEach }

  package static let sequential = ParallelMap { count, body in
    for index in 0..<count { body(index) }
  }

  /// What each piece comes to, in the pieces' order.
  ///
  /// - Precondition: no two pieces change the same.
  package func map<Piece, Value>(_ pieces: [Piece], _ value: (Piece) -> Value) -> [Value] {
    guard pieces.count > 1 else { return pieces.map(value) }
    return [Value](unsafeUninitializedCapacity: pieces.count) { values, count in
      withoutActuallyEscaping(value) { value in
        // As the precondition has it.
        nonisolated(unsafe) let (pieces, value) = (pieces, value)
        nonisolated(unsafe) let values = values.baseAddress!
        forEach(pieces.count) { (values + $0).initialize(to: value(pieces[$0])) }
      }
      count = pieces.count
    }
  }
}
