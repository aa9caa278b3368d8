import JSON

extension PlanService {
  /// `{"requests": […]}`: each is answered as if it were alone, as many at once as `parallel` allows;
  /// one that is wrong has its problem document in its place.
  func partitionBatch(
    _ body: JSONValue, _ request: APIRequest
  ) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<[JSONValue]> = .object { members in
      members.required("requests", .list(of: .any, counts: 1...WireLimits.batchedRequests))
    }
    let requests = try read(body, as: rule)
    let answers = parallel.map(requests.count) { index -> [UInt8] in
      do throws(Problem) {
        return try recentPartition(requests[index], request, .json).body
      } catch {
        return error.document
      }
    }
    // Whole texts of JSON already, each with a line feed at its end.
    var whole = Array(#"{"answers":["#.utf8)
    for (index, answer) in answers.enumerated() {
      if index > 0 { whole.append(UInt8(ascii: ",")) }
      whole += answer.dropLast()
    }
    whole += Array("]}\n".utf8)
    return APIResponse(.json, body: whole)
  }
}

/// Does independent work, one piece after the other or several at once: the shell knows the cores.
package struct ParallelMap: Sendable {
  private let forEach: @Sendable (Int, @Sendable (Int) -> Void) -> Void

  /// - Parameter forEach: Calls its second argument with every index below its first, and returns
  ///   when all calls have.
  package init(
    forEach: @escaping @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void
  ) {
    self.forEach = forEach
  }

  package static let sequential = ParallelMap { count, body in
    for index in 0..<count { body(index) }
  }

  func map<Value: Sendable>(
    _ count: Int, _ value: @Sendable (Int) -> Value
  ) -> [Value] {
    let slots = ResultSlots<Value>(count)
    forEach(count) { slots.set($0, value($0)) }
    return slots.values
  }
}

/// A place for each result: no two pieces of work share one.
private final class ResultSlots<Value: Sendable>: @unchecked Sendable {
  private let slots: UnsafeMutableBufferPointer<Value?>

  init(_ count: Int) {
    slots = .allocate(capacity: count)
    slots.initialize(repeating: nil)
  }

  deinit {
    slots.deinitialize()
    slots.deallocate()
  }

  func set(_ index: Int, _ value: Value) { slots[index] = value }

  var values: [Value] {
    slots.map { slot in
      guard let slot else { preconditionFailure("every piece of work was done") }
      return slot
    }
  }
}
