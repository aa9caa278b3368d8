import JSON
import Workload

/// A model known by name: what was published of its shape, in one of the forms that requests may use.
package struct ModelPreset: Sendable {
  /// Where a shape, and the count of its parameters, comes from.
  package enum Source: String, Sendable, CaseIterable {
    case checkpoint
    case recalledCheckpoint = "checkpoint_recalled"
    case counted
    case configuration
    case galvatron
    case brown2020 = "brown_2020"
    case narayanan2021 = "narayanan_2021"
    case korthikanti2022 = "korthikanti_2022"

    package var citation: String {
      switch self {
      case .checkpoint:
        "the model's config.json; the count is that of its published checkpoint"
      case .recalledCheckpoint:
        "the model's config.json; the count is that of its published checkpoint as remembered, "
          + "and agrees with the shape"
      case .counted:
        "the model's config.json; counted by the transformers library, version 5.23"
      case .configuration: "the model's config.json, of which no exact count is known"
      case .galvatron:
        "Galvatron 2.4.0 (github.com/PKU-DAIR/Hetu-Galvatron), galvatron/models/*/meta_configs"
      case .brown2020:
        "Brown et al. 2020, Language Models are Few-Shot Learners (arXiv 2005.14165), table 2.1"
      case .narayanan2021:
        "Narayanan et al. 2021, Efficient Large-Scale Language Model Training on GPU Clusters "
          + "Using Megatron-LM (arXiv 2104.04473), table 1"
      case .korthikanti2022:
        "Korthikanti et al. 2022, Reducing Activation Recomputation in Large Transformer Models "
          + "(arXiv 2205.05198), table 3"
      }
    }
  }

  /// The form of the description, by its name in requests.
  package enum Form: String, Sendable {
    case huggingFace = "huggingface"
    case galvatron
    case transformer
  }

  package let name: String
  package let aliases: [String]
  package let form: Form
  package let source: Source
  /// Parameters as published, where an exact count is. The model always has as many.
  package let publishedParameters: Int?
  /// JSON.
  package let description: String

  private init(
    _ name: String, _ aliases: [String], _ form: Form, _ source: Source, _ parameters: Int?,
    _ description: String
  ) {
    self.name = name
    self.aliases = aliases
    self.form = form
    self.source = source
    publishedParameters = parameters
    self.description = description
  }

  static func huggingFace(
    _ name: String, aliases: [String] = [], _ source: Source, parameters: Int? = nil,
    _ description: String
  ) -> ModelPreset {
    ModelPreset(name, aliases, .huggingFace, source, parameters, description)
  }

  static func galvatron(
    _ name: String, aliases: [String] = [], _ source: Source, _ description: String
  ) -> ModelPreset {
    ModelPreset(name, aliases, .galvatron, source, nil, description)
  }

  static func transformer(
    _ name: String, aliases: [String] = [], _ source: Source, _ description: String
  ) -> ModelPreset {
    ModelPreset(name, aliases, .transformer, source, nil, description)
  }

  /// The model, under the preset's name.
  package var model: TransformerModel {
    var model: TransformerModel
    do {
      let root = try JSONDocument(parsing: description).root
      model =
        switch form {
        case .huggingFace: try root.read(as: .huggingFaceModel).get()
        case .galvatron: try root.read(as: .galvatronModel).get()
        case .transformer: try root.read(as: .transformer).get()
        }
    } catch {
      preconditionFailure("a preset cannot be read: \(name): \(error)")
    }
    model.name = name
    return model
  }
}
