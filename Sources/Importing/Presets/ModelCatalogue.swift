import Hardware
import JSON
import Workload

/// The models that are known by name.
package struct ModelCatalogue: Sendable {
  package let presets: [ModelPreset]
  private let indices: [String: Int]

  /// Of two presets that claim a name, the earlier has it.
  package init(presets: [ModelPreset]) {
    self.presets = presets
    var indices: [String: Int] = [:]
    for (index, preset) in presets.enumerated() {
      for name in [preset.name] + preset.aliases {
        let folded = Self.folded(name)
        if indices[folded] == nil { indices[folded] = index }
      }
    }
    self.indices = indices
  }

  /// What ships.
  package static let standard = ModelCatalogue(
    presets: ModelPreset.galvatron + ModelPreset.megatron + ModelPreset.gpt
      + ModelPreset.openResearch + ModelPreset.llama + ModelPreset.qwen + ModelPreset.deepseek
      + ModelPreset.gemma + ModelPreset.mistral + ModelPreset.others)

  /// The preset of a name or an alias, in any case, with or without hyphens, and with or without what
  /// a repository of checkpoints has around it: an organisation (`meta-llama/Llama-3.1-8B`), and words
  /// that tell how weights were trained or stored, or when (`Qwen/Qwen3-30B-A3B-Instruct-2507`).
  package func preset(named name: String) -> ModelPreset? {
    let index = indices[Self.folded(name)] ?? indices[Self.folded(Self.withoutTraining(name))]
    return index.map { presets[$0] }
  }

  /// Known names near to one that is not known, nearest first.
  package func nearestNames(to name: String) -> [String] {
    NearestNames.to(Self.withoutOrganisation(name), among: presets.lazy.map(\.name))
  }

  private static func withoutOrganisation(_ name: String) -> String {
    let bytes = name.utf8
    return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(name[bytes.index(after: $0)...]) }
      ?? name
  }

  /// Without the words of a checkpoint's name that leave its architecture as it is.
  private static func withoutTraining(_ name: String) -> String {
    let words = withoutOrganisation(name).lowercased().split { $0 == "-" || $0 == "_" }
    return words.filter { !trainings.contains($0) && !isReleaseDate($0) }.joined(separator: "-")
  }

  private static let trainings: Set<Substring> = [
    "base", "chat", "hf", "instruct", "it", "meta", "pt", "thinking",
  ]

  /// Year and month or month and day, as in `OLMo-2-1124-13B`.
  private static func isReleaseDate(_ word: Substring) -> Bool {
    word.utf8.count == 4 && word.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }

  /// Letters in lower case, digits and dots.
  private static func folded(_ name: String) -> String {
    String(withoutOrganisation(name).lowercased().unicodeScalars.filter(\.isOfNames))
  }
}
