import JSON
import Workload

/// Reads a model's `config.json`. Members that do not shape the decoder are ignored; the decoder's
/// may stand in a `text_config` of their own, as in models that also see.
package struct HuggingFaceModelRule: JSONRule {
  package init() {}

  package var expectation: String { "a Hugging Face model configuration, an object" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> TransformerModel? {
    guard value.kind == .object else { return refuse(value, log) }
    let text = ["text_config", "llm_config", "language_config"].lazy
      .compactMap { value[$0] }.first { $0.kind == .object }
    let config = text ?? value
    guard let (family, type) = family(of: config, within: value, log) else { return nil }
    let outer = text == nil ? nil : value
    let rule: JSONObjectRule<TransformerModel> = .openObject { members in
      var reader = ConfigReader(members, outer: outer)
      let model = family.read(&reader, type)
      return reader.isSound ? model : nil
    }
    return rule.read(config, log)?.counted(at: config, log)
  }

  /// The text part may leave its type to the whole's.
  private func family(
    of config: JSONValue, within whole: JSONValue, _ log: JSONFaultLog
  ) -> (HuggingFaceFamily, String)? {
    let typed = config["model_type"] == nil ? whole : config
    guard let value = typed["model_type"] else {
      log.note(
        typed, member: "model_type", "missing: expected one of \(Self.known)")
      return nil
    }
    guard let type = value.string else {
      log.note(value, "expected one of \(Self.known), found \(value.summary)")
      return nil
    }
    guard let family = HuggingFaceFamily.named(type) else {
      let near = NearestNames.to(type, among: HuggingFaceFamily.knownTypes)
      let guess = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
      log.note(value, "unknown model type \(value.summary)\(guess); known: \(Self.known)")
      return nil
    }
    return (family, type)
  }

  private static var known: String {
    HuggingFaceFamily.knownTypes.joined(separator: ", ")
  }
}

extension TransformerModel {
  /// The model, if its parameters can be counted.
  func counted(at value: JSONValue, _ log: JSONFaultLog) -> TransformerModel? {
    guard isCountable else {
      log.note(value, "the model has more than 2^53 parameters")
      return nil
    }
    return self
  }
}

extension JSONRule where Self == HuggingFaceModelRule {
  package static var huggingFaceModel: Self { Self() }
}
