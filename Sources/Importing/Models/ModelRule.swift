import JSON
import Workload

/// A model as a request gives it.
package enum ImportedModel: Hashable, Sendable {
  case transformer(TransformerModel)
  /// A graph of layers known by their figures.
  case given(LayerGraph)

  package var name: String {
    switch self {
    case .transformer(let model): model.name
    case .given(let graph): graph.name
    }
  }

  /// The model's layer graph.
  package var graph: LayerGraph {
    switch self {
    case .transformer(let model): model.graph()
    case .given(let graph): graph
    }
  }

  /// The graph as the first analyser counted it (`TransformerModel.seedCounted`); a given graph has
  /// only its own figures.
  package var seedGraph: LayerGraph {
    switch self {
    case .transformer(let model): model.seedGraph()
    case .given(let graph): graph
    }
  }
}

/// Reads `model`: a preset's name, or an object with exactly one of `transformer`, `huggingface`,
/// `galvatron` and `graph`.
package struct ModelRule: JSONRule {
  private let catalogue: @Sendable () -> ModelCatalogue

  /// - Parameter catalogue: Made when a name is first read: a process that reads none needs none.
  package init(
    catalogue: @autoclosure @escaping @Sendable () -> ModelCatalogue = .standard
  ) {
    self.catalogue = catalogue
  }

  package var expectation: String {
    "a model's name, or an object with one of transformer, huggingface, galvatron and graph"
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> ImportedModel? {
    switch value.kind {
    case .string: readName(value, log)
    case .object: Self.forms.read(value, log)
    case .null, .boolean, .number, .array: refuse(value, log)
    }
  }

  private func readName(_ value: JSONValue, _ log: JSONFaultLog) -> ImportedModel? {
    guard let name = value.string else { return refuse(value, log) }
    let catalogue = catalogue()
    if let preset = catalogue.preset(named: name) { return .transformer(preset.model) }
    let near = catalogue.nearestNames(to: name)
    log.note(
      value,
      "no model of the catalogue has the name \(value.summary); "
        + (near.isEmpty
          ? "GET /catalog/models lists the names"
          : "did you mean \(near.map { "\"\($0)\"" }.joined(separator: " or "))?"))
    return nil
  }

  private static let forms: JSONObjectRule<ImportedModel> = .object { members in
    let transformer = members.value("transformer")
    let huggingFace = members.value("huggingface")
    let galvatron = members.value("galvatron")
    let graph = members.value("graph")
    let given = [transformer, huggingFace, galvatron, graph].compactMap { $0 }
    guard given.count == 1 else {
      members.note(
        "expected exactly one of transformer, huggingface, galvatron and graph, "
          + (given.isEmpty ? "found none" : "found \(given.count)"))
      return nil
    }
    let log = members.log
    if let graph {
      return UserGraphRule().read(graph, log).map(ImportedModel.given)
    }
    let model =
      transformer.map { TransformerRule().read($0, log) }
      ?? huggingFace.map { HuggingFaceModelRule().read($0, log) }
      ?? galvatron.flatMap { GalvatronModelRule().read($0, log) }
    return model.flatMap { $0 }.map(ImportedModel.transformer)
  }
}

extension JSONRule where Self == ModelRule {
  package static var model: Self { Self() }
}

/// How a model's parameters are counted.
package enum WeightCounting: String, Hashable, Sendable, CaseIterable {
  /// As its checkpoint has them.
  case exact
  /// As the first analyser did (`TransformerModel.seedCounted`).
  case seed
}

/// Reads `model` as its layer graph.
package struct ModelGraphRule: JSONRule {
  private let model: ModelRule
  private let counting: WeightCounting

  package init(
    catalogue: @autoclosure @escaping @Sendable () -> ModelCatalogue = .standard,
    counting: WeightCounting = .exact
  ) {
    model = ModelRule(catalogue: catalogue())
    self.counting = counting
  }

  package var expectation: String { model.expectation }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> LayerGraph? {
    let model = model.read(value, log)
    return switch counting {
    case .exact: model?.graph
    case .seed: model?.seedGraph
    }
  }
}

extension JSONRule where Self == ModelGraphRule {
  package static var modelGraph: Self { Self() }
}
