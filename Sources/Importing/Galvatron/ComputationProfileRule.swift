import Galvatron
import JSON

/// Reads `computation_profiling_*.json`. The rows that the search reads, `layertype_0_bsz1_seq2048`
/// and `layertype_other_bsz1_seq2048`, and those of older versions, `layertype_0` and
/// `layertype_other_0_bsz4`; raw rows (`layernum…`) are passed over.
struct ComputationProfileRule: JSONRule {
  var expectation: String { "the contents of \(ProfileFileKind.computation.file)" }

  private static let layerNames = [
    NumberedName("layertype_#_bsz#_seq#"), NumberedName("layertype_#_bsz#"),
    NumberedName("layertype_#"),
  ]
  private static let endNames = [
    NumberedName("layertype_other_bsz#_seq#"), NumberedName("layertype_other_0_bsz#"),
    NumberedName("layertype_other_#"),
  ]
  private static let time: JSONNumberRule = .nonNegativeNumber(max: 1e9)

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> ComputationProfile? {
    guard ProfileFileKind.computation.check(value, log) else { return nil }
    let before = log.count
    var profile = ComputationProfile(layer: [], ends: [])
    for (name, member) in value.members where name.hasPrefix("layertype_") {
      if name.hasPrefix("layertype_other_") {
        guard let numbers = Self.numbers(name, Self.endNames) else {
          log.note(member, "expected a name like layertype_other_bsz1_seq2048")
          continue
        }
        guard let time = Self.time.read(member, log) else { continue }
        let isNamed = name.contains("_bsz")
        profile.ends.append(
          .init(
            batch: isNamed ? numbers[0] : nil,
            sequenceLength: numbers.count > 1 ? numbers[1] : nil, milliseconds: time))
      } else {
        guard let numbers = Self.numbers(name, Self.layerNames) else {
          log.note(member, "expected a name like layertype_0_bsz1_seq2048")
          continue
        }
        guard numbers[0] == 0 else {
          log.note(member, "models with several types of layer are not planned")
          continue
        }
        guard let time = Self.time.read(member, log) else { continue }
        profile.layer.append(
          .init(
            batch: numbers.count > 1 ? numbers[1] : nil,
            sequenceLength: numbers.count > 2 ? numbers[2] : nil, milliseconds: time))
      }
    }
    if profile.layer.isEmpty, log.count == before {
      log.note(value, member: "layertype_0_bsz1_seq2048", "missing: expected a layer's time")
    }
    return log.count == before ? profile : nil
  }

  private static func numbers(_ name: String, _ patterns: [NumberedName]) -> [Int]? {
    for pattern in patterns {
      if let numbers = pattern.numbers(in: name) { return numbers }
    }
    return nil
  }
}
