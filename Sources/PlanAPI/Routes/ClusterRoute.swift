import Hardware
import JSON

extension PlanService {
  /// `POST /cluster`: a cluster in any accepted form as its graph, normalised, with what was assumed.
  func cluster(_ body: JSONValue, _ media: MediaType) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<Cluster> = .object { [catalogue] members in
      members.required("cluster", .cluster(catalogue))
    }
    let cluster = try read(body, as: rule)
    let graph = ClusterGraph(cluster)
    guard media == .graphviz else { return .json { $0.cluster(cluster, graph, catalogue) } }
    return APIResponse(.graphviz, body: Array(graph.dot.utf8))
  }
}
