import Workload

/// A family of model configurations of Hugging Face's transformers library, by `model_type`.
///
/// What a configuration leaves out is what the family's configuration class says (transformers 4.57
/// to 5), but sizes that every published file carries are asked for. Parts beside the decoder (vision
/// towers, heads that predict further tokens) are left out, as are buffers that are not trained.
struct HuggingFaceFamily: Sendable {
  /// `model_type` of the family's configurations, and of larger models around them.
  let types: [String]
  /// Reads a configuration under one of the names. Faults are noted; the result then means nothing.
  let read: @Sendable (inout ConfigReader, _ type: String) -> TransformerModel

  init(
    types: [String],
    read: @escaping @Sendable (inout ConfigReader, _ type: String) -> TransformerModel
  ) {
    self.types = types
    self.read = read
  }

  init(
    _ types: String...,
    read: @escaping @Sendable (inout ConfigReader, _ type: String) -> TransformerModel
  ) {
    self.init(types: types, read: read)
  }

  static let all: [HuggingFaceFamily] =
    gptFamilies + llamaFamilies + denseFamilies + expertFamilies + latentFamilies + hybridFamilies

  static func named(_ type: String) -> HuggingFaceFamily? {
    all.first { $0.types.contains(type) }
  }

  static var knownTypes: [String] { all.flatMap(\.types).sorted() }
}

extension ConfigReader {
  /// A decoder whose layers differ in reach at most.
  mutating func decoder(
    _ layout: DecoderLayout, _ family: String, _ half: FeedForward, reaches: [LayerReach]? = nil,
    isTied: Bool = false, maximumLength: Int? = nil, hasHeadBias: Bool = false
  ) -> TransformerModel {
    let reaches = reaches ?? fullReach(layers: layout.layers)
    return model(
      of: layout, family: family, isTied: isTied, maximumLength: maximumLength,
      hasHeadBias: hasHeadBias
    ) { layout.block(layout.attention(reaches[$0]), half) }
  }
}
