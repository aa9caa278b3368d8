import JSON

extension PlanService {
  /// `POST /graph`: a model as its graph of layers.
  func graph(_ body: JSONValue, _ media: MediaType) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<LayersRequest> = .object { members in
      readLayers(&members, precision: .bf16)
    }
    let request = try read(body, as: rule)
    switch media {
    case .graphviz: return APIResponse(.graphviz, body: Array(request.figures.graphviz.utf8))
    default:
      return .json(reserving: 512 * request.figures.layers) { $0.layerGraph(request) }
    }
  }
}
