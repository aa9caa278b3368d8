import Galvatron
import JSON

/// Reads `memory_profiling_*.json`: the derived tables that the search reads. Raw rows (`1_1_8_sp` and
/// the like) are passed over.
struct MemoryProfileRule: JSONRule {
  var expectation: String { "the contents of \(ProfileFileKind.memory.file)" }

  private static let size: JSONNumberRule = .nonNegativeNumber(max: 1e12)

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MemoryProfile? {
    guard ProfileFileKind.memory.check(value, log) else { return nil }
    let before = log.count
    if let more = value["layertype_1"] ?? value["layertype_1_sp"] {
      log.note(more, "models with several types of layer are not planned")
    }
    let profile = MemoryProfile(
      sequenceParallel: Self.table(value, suffix: "_sp", log),
      plain: Self.table(value, suffix: "", log))
    guard log.count == before else { return nil }
    return profile
  }

  private static func table(
    _ value: JSONValue, suffix: String, _ log: JSONFaultLog
  ) -> MemoryProfile.Table {
    var table = MemoryProfile.Table()
    guard let layer = value["layertype_0" + suffix] else { return table }
    table.layer = byLength(layer, mark: "parameter_size", log, layerMemory)
    func ends(_ name: String) -> [Int: MeasuredJob.EndMemory] {
      guard let member = value[name + suffix] else {
        log.note(
          value, member: name + suffix, "missing: expected the embedding's and head's memory")
        return [:]
      }
      return byLength(member, mark: "model_states", log, endMemory)
    }
    table.onlyStage = ends("other_memory_pp_off")
    table.firstStage = ends("other_memory_pp_on_first")
    table.lastStage = ends("other_memory_pp_on_last")
    return table
  }

  /// An object by sequence length, or, in older files, of no length: told by a key `mark`.
  private static func byLength<Memory>(
    _ value: JSONValue, mark: String, _ log: JSONFaultLog,
    _ read: (JSONValue, JSONFaultLog) -> Memory?
  ) -> [Int: Memory] {
    guard value.kind == .object else {
      log.note(value, "expected an object by sequence length, found \(value.summary)")
      return [:]
    }
    if value[mark] != nil {
      return read(value, log).map { [MemoryProfile.unnamedLength: $0] } ?? [:]
    }
    var memory: [Int: Memory] = [:]
    let name = NumberedName("#")
    for (length, member) in value.members {
      guard let number = name.numbers(in: length)?[0], number > 0 else {
        log.note(member, "expected a sequence length for a name")
        continue
      }
      if let read = read(member, log) { memory[number] = read }
    }
    if memory.isEmpty, value.count == 0 {
      log.note(value, "expected an object by sequence length, found none")
    }
    return memory
  }

  private static func layerMemory(
    _ value: JSONValue, _ log: JSONFaultLog
  ) -> MemoryProfile.LayerMemory? {
    let rule: JSONObjectRule<MemoryProfile.LayerMemory> = .openObject { layer in
      let parameters = layer.required("parameter_size", size)
      let table = layer.required("tp_activation_per_bsz_dict", .any)
      guard let parameters, let table else { return nil }
      let activations = byDegree(table, layer.log)
      guard let checkpoint = table["checkpoint"] else {
        layer.log.note(table, member: "checkpoint", "missing: expected a number of at least 0")
        return nil
      }
      guard let recomputed = size.read(checkpoint, layer.log), let activations else { return nil }
      return MemoryProfile.LayerMemory(
        parameters: parameters, activations: activations, recomputed: recomputed)
    }
    return rule.read(value, log)
  }

  private static func endMemory(
    _ value: JSONValue, _ log: JSONFaultLog
  ) -> MeasuredJob.EndMemory? {
    let rule: JSONObjectRule<MeasuredJob.EndMemory> = .openObject { ends in
      let states = ends.required("model_states", .any)
      let activations = ends.required("activation", .any)
      guard let states, let activations else { return nil }
      let read = (byDegree(states, ends.log), byDegree(activations, ends.log))
      guard let states = read.0, let activations = read.1 else { return nil }
      return MeasuredJob.EndMemory(states: states, activations: activations)
    }
    return rule.read(value, log)
  }

  /// Sizes by degree; a single one, in older files, is that of degree 1.
  private static func byDegree(_ value: JSONValue, _ log: JSONFaultLog) -> [Int: Double]? {
    if value.kind == .number { return size.read(value, log).map { [1: $0] } }
    guard value.kind == .object else {
      log.note(value, "expected an object by degree, found \(value.summary)")
      return nil
    }
    let before = log.count
    var sizes: [Int: Double] = [:]
    let name = NumberedName("#")
    for (degree, member) in value.members where degree != "checkpoint" {
      guard let number = name.numbers(in: degree)?[0], number > 0 else {
        log.note(member, "expected a degree for a name")
        continue
      }
      if let size = size.read(member, log) { sizes[number] = size }
    }
    if sizes[1] == nil, log.count == before {
      log.note(value, member: "1", "missing: expected a number of at least 0")
    }
    return log.count == before ? sizes : nil
  }
}
