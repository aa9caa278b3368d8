import JSON
import PlanAPI
import Workload

/// libFuzzer's entry: any body to any route is answered or refused, in JSON. The first byte chooses
/// the route. Searches are cancelled from the start: what is fuzzed is how requests are read.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let paths = router.routes.filter { $0.methods.contains("POST") }.map(\.path)
  let response = router.response(
    to: APIRequest(
      method: "POST", path: paths[Int(first) % paths.count], body: Array(bytes.dropFirst()),
      isCancelled: { true }))
  precondition([200, 400, 422].contains(response.status), "\(response.status)")
  guard let answer = (try? JSONDocument(parsing: response.body))?.root else {
    preconditionFailure("an answer is not JSON")
  }
  if response.status == 422 {
    precondition(answer["errors"]?.count ?? 0 > 0, "a body is refused without a fault")
  }
  return 0
}

private let router = Router(PlanService(model: LayerCountRule()).routes)

/// Reads a number as so many layers that cost nothing.
private struct LayerCountRule: JSONRule {
  var expectation: String { "a number of layers" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> LayerGraph? {
    guard let layers = value.integer, (1...100).contains(layers) else { return refuse(value, log) }
    let figures = Operator.Opaque(forwardFLOPs: 1e12, savedBytes: 1e6)
    let layer = Layer(
      kind: .custom,
      operators: [Operator("layer", .opaque(figures), sharding: .replicated, parameters: 1000)])
    return LayerGraph(
      name: "plain", kinds: [layer],
      nodes: (0..<layers).map { LayerGraph.Node(name: "\($0)", kind: 0) },
      edges: (1..<max(layers, 1)).map {
        LayerGraph.Edge(source: $0 - 1, target: $0, elementsPerToken: 8)
      },
      hiddenSize: 8, vocabularySize: 8)
  }
}
