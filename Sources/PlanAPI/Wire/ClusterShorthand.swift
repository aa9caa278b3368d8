import Hardware
import JSON

/// Reads `"4x8xh100-sxm5-80gb"`, nodes x GPUs a node x type, or `"4xp5.48xlarge"`, nodes x machine, and
/// several such joined by `+`.
struct ClusterShorthand {
  let catalogue: AcceleratorCatalogue

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Cluster? {
    guard let text = value.string, text.utf8.count <= WireLimits.shorthandLength else {
      log.note(value, Sentence.longShorthand)
      return nil
    }
    let before = log.count
    var pools: [Pool] = []
    var nodes = 0
    for part in text.split(separator: "+", omittingEmptySubsequences: false) {
      guard let request = request(Self.trimmed(part), value, log) else { continue }
      nodes += request.nodes
      guard nodes <= WireLimits.nodes else {
        log.note(value, Sentence.tooManyNodes(nodes))
        return nil
      }
      let firstNode = nodes - request.nodes
      guard let pool = request.pool(firstNode: firstNode, NetworkRequest(), cluster: value, log)
      else { continue }
      pools.append(pool)
    }
    guard log.count == before else { return nil }
    do throws(PoolFault) {
      return try Cluster.joining(pools)
    } catch {
      log.note(value, Sentence.pool(error))
      return nil
    }
  }

  private func request(
    _ part: Substring, _ value: JSONValue, _ log: JSONFaultLog
  ) -> PoolRequest? {
    let (count, rest) = Self.cut(part)
    if let nodes = Self.count(count), nodes <= WireLimits.nodes,
      let machine = MachineType.named(String(rest)),
      let accelerator = catalogue.accelerator(named: machine.accelerator)
    {
      return PoolRequest(accelerator: accelerator, machine: machine, nodes: nodes, value: value)
    }
    let (perNode, type) = Self.cut(rest)
    guard let nodes = Self.count(count), let gpus = Self.count(perNode), !type.isEmpty else {
      log.note(value, Sentence.badShorthand(String(part)))
      return nil
    }
    guard nodes <= WireLimits.nodes, gpus <= WireLimits.gpusPerNode else {
      log.note(value, Sentence.largeShorthand(String(part)))
      return nil
    }
    return AcceleratorRule.accelerator(String(type), in: catalogue, for: value, log).map {
      PoolRequest(accelerator: $0, gpusPerNode: gpus, nodes: nodes, value: value)
    }
  }

  /// What stands before the first `x` and after it.
  private static func cut(_ text: Substring) -> (head: Substring, rest: Substring) {
    guard let mark = text.firstIndex(where: { $0 == "x" || $0 == "X" }) else { return (text, "") }
    return (text[..<mark], text[text.index(after: mark)...])
  }

  /// A positive integer; `Int.max` if it is larger than any.
  private static func count(_ digits: Substring) -> Int? {
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
      return nil
    }
    let count = Int(digits) ?? .max
    return count > 0 ? count : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
