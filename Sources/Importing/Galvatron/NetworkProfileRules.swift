import Galvatron
import JSON

/// Reads `allreduce_bandwidth_*.json`.
struct GroupBandwidthRule: JSONRule {
  var expectation: String { "the contents of \(ProfileFileKind.allReduceBandwidth.file)" }

  private static let name = NumberedName("allreduce_size_#_consec_#")

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MeasuredProfiles.GroupBandwidth? {
    guard ProfileFileKind.allReduceBandwidth.check(value, log) else { return nil }
    let before = log.count
    var bandwidth = MeasuredProfiles.GroupBandwidth()
    for (name, member) in value.members where name.hasPrefix("allreduce_size_") {
      guard let numbers = Self.name.numbers(in: name), numbers[0] > 1, numbers[1] < 2 else {
        log.note(member, "expected a name like \(ProfileFileKind.allReduceBandwidth.example)")
        continue
      }
      guard let rate = bandwidthRule.read(member, log) else { continue }
      if numbers[1] == 1 {
        bandwidth.consecutive[numbers[0]] = rate
      } else {
        bandwidth.strided[numbers[0]] = rate
      }
    }
    return log.count == before ? bandwidth : nil
  }
}

/// Reads `p2p_bandwidth_*.json`.
struct StageBandwidthRule: JSONRule {
  var expectation: String { "the contents of \(ProfileFileKind.stageBandwidth.file)" }

  private static let name = NumberedName("pp_size_#")

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> [Int: Double]? {
    guard ProfileFileKind.stageBandwidth.check(value, log) else { return nil }
    let before = log.count
    var bandwidth: [Int: Double] = [:]
    for (name, member) in value.members where name.hasPrefix("pp_size_") {
      guard let stages = Self.name.numbers(in: name)?[0], stages > 1 else {
        log.note(member, "expected a name like \(ProfileFileKind.stageBandwidth.example)")
        continue
      }
      if let rate = bandwidthRule.read(member, log) { bandwidth[stages] = rate }
    }
    return log.count == before ? bandwidth : nil
  }
}

private let bandwidthRule: JSONNumberRule = .positiveNumber(max: 1e9)

/// Reads `sp_time_*.json`.
struct MessageTimesRule: JSONRule {
  var expectation: String { "the contents of \(ProfileFileKind.messageTimes.file)" }

  private static let names = [
    NumberedName("allreduce_size_#_#MB_time"), NumberedName("all2all_size_#_#MB_time"),
  ]
  private static let time: JSONNumberRule = .positiveNumber(max: 1e9)

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MeasuredProfiles.MessageProfile? {
    guard ProfileFileKind.messageTimes.check(value, log) else { return nil }
    let before = log.count
    /// By collective and group; points in the file's order.
    var groups: [[(size: Int, points: [(Int, Double)])]] = [[], []]
    for (name, member) in value.members where name.hasSuffix("_time") {
      let found = Self.names.indices.first { Self.names[$0].numbers(in: name) != nil }
      guard let kind = found, let numbers = Self.names[kind].numbers(in: name), numbers[0] > 1
      else {
        log.note(member, "expected a name like \(ProfileFileKind.messageTimes.example)")
        continue
      }
      guard let time = Self.time.read(member, log) else { continue }
      if let index = groups[kind].firstIndex(where: { $0.size == numbers[0] }) {
        groups[kind][index].points.append((numbers[1], time))
      } else {
        groups[kind].append((numbers[0], [(numbers[1], time)]))
      }
    }
    for (kind, collective) in ["allreduce", "all2all"].enumerated() {
      for group in groups[kind] where group.points.count < 2 {
        log.note(value, "\(collective)_size_\(group.size) has one size only; a line needs two")
      }
    }
    guard log.count == before else { return nil }
    func times(_ kind: Int) -> [Int: MessageTimes] {
      Dictionary(
        uniqueKeysWithValues: groups[kind].map {
          ($0.size, MessageTimes(points: $0.points.map { ($0.0, $0.1) }))
        })
    }
    return MeasuredProfiles.MessageProfile(allReduce: times(0), allToAll: times(1))
  }
}

/// Reads `overlap_coefficient.json`.
struct OverlapRule: JSONRule {
  var expectation: String { "the contents of \(ProfileFileKind.overlap.file)" }

  private static let slowdown: JSONNumberRule = .number(in: 1...1000)

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Double? {
    guard ProfileFileKind.overlap.check(value, log), let member = value["overlap_coe"] else {
      return nil
    }
    return Self.slowdown.read(member, log)
  }
}
