import JSON

/// The files that Galvatron's profilers write, known by their keys.
enum ProfileFileKind: String, CaseIterable {
  case computation, memory
  case allReduceBandwidth = "allreduce_bandwidth"
  case stageBandwidth = "p2p_bandwidth"
  case messageTimes = "sp_time"
  case overlap

  /// Its file's name, up to the model and the cluster.
  var file: String {
    switch self {
    case .computation: "computation_profiling_*.json"
    case .memory: "memory_profiling_*.json"
    case .allReduceBandwidth: "allreduce_bandwidth_*.json"
    case .stageBandwidth: "p2p_bandwidth_*.json"
    case .messageTimes: "sp_time_*.json"
    case .overlap: "overlap_coefficient.json"
    }
  }

  /// A key that shows which file it is.
  var example: String {
    switch self {
    case .computation: "layertype_0_bsz1_seq2048"
    case .memory: "layertype_0_sp"
    case .allReduceBandwidth: "allreduce_size_8_consec_1"
    case .stageBandwidth: "pp_size_2"
    case .messageTimes: "allreduce_size_8_1MB_time"
    case .overlap: "overlap_coe"
    }
  }

  private func marks(_ name: String, _ value: JSONValue) -> Bool {
    switch self {
    case .computation: name.hasPrefix("layertype_") && value.kind != .object
    case .memory: name.hasPrefix("layertype_") && value.kind == .object
    case .allReduceBandwidth: name.hasPrefix("allreduce_size_") && name.contains("_consec_")
    case .stageBandwidth: name.hasPrefix("pp_size_")
    case .messageTimes: name.hasSuffix("MB_time")
    case .overlap: name == "overlap_coe"
    }
  }

  /// Which file an object is, if it is any.
  static func of(_ value: JSONValue) -> ProfileFileKind? {
    for (name, member) in value.members {
      if let kind = allCases.first(where: { $0.marks(name, member) }) { return kind }
    }
    return nil
  }

  /// Notes that a file is of another kind or of none; false then.
  func check(_ value: JSONValue, _ log: JSONFaultLog) -> Bool {
    let found = Self.of(value)
    guard value.kind == .object, found == self else {
      let what = found.map { "one of \($0.file)" } ?? value.summary
      log.note(value, "expected the contents of \(file), with keys like \(example), found \(what)")
      return false
    }
    return true
  }
}
