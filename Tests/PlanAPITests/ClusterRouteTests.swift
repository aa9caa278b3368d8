import Hardware
import JSON
import Quantities
import Testing

@testable import PlanAPI

private let router = Router(PlanService(model: PlainModelRule()).routes)

private func post(
  _ body: String, accept: [String] = []
) throws -> (status: Int, text: String, body: JSONValue?) {
  let response = router.response(
    to: APIRequest(method: "POST", path: "/cluster", accept: accept, body: Array(body.utf8)))
  let text = String(decoding: response.body, as: UTF8.self)
  return (response.status, text, try? JSONDocument(parsing: response.body).root)
}

private let slurm = """
  {"slurm": {"environment": "SLURM_JOB_NODELIST=gpu[001-004]\\nSLURM_GPUS_PER_NODE=h100:8",
   "topology": "SwitchName=l0 Nodes=gpu[001,003]\\nSwitchName=l1 Nodes=gpu[002,004]\\nSwitchName=s Switches=l[0-1]"}}
  """

@Suite struct ClusterRouteTests {
  @Test(arguments: [
    (#""4x8xh100""#, 32, 4, 1), (#""36x4xgb200""#, 144, 36, 1),
    (#""2x8xa100-sxm4-80gb+4x4xv100-sxm2-32gb""#, 32, 6, 2), (slurm, 32, 4, 1),
    (#"{"pools": [{"gpu": "rtx-3090", "gpus_per_node": 8, "nodes": 2}]}"#, 16, 2, 1),
    (#"{"pools": [{"gpu": {"base": "h100", "bf16_tflops": 700}, "nodes": 2}]}"#, 16, 2, 1),
    (#"{"pools": [{"gpu": {"base": "mi300x", "bf16_tflops": 701}, "nodes": 2}]}"#, 16, 2, 1),
  ])
  func givesBackAClusterThatMeansTheSame(
    cluster: String, gpus: Int, nodes: Int, pools: Int
  ) throws {
    let (status, _, body) = try post("{\"cluster\": \(cluster)}")
    #expect(status == 200)
    let answer = try #require(body)
    #expect(answer["graph"]?["total_gpus"]?.integer == gpus)
    let kinds = answer["nodes"]!.elements.map { $0["kind"]!.string! }
    #expect(kinds.filter { $0 == "node" }.count == nodes)
    #expect(answer["graph"]?["total_pools"]?.integer == pools)
    // A tree: every vertex but the root has one edge outwards.
    let ids = answer["nodes"]!.elements.map { $0["id"]!.string! }
    #expect(Set(ids).count == ids.count)
    #expect(answer["edges"]!.count == ids.count - 1)
    for edge in answer["edges"]!.elements {
      #expect(ids.contains(edge["source"]!.string!) && ids.contains(edge["target"]!.string!))
    }
    let rule = ClusterRule(catalogue: .standard)
    let again = String(decoding: try #require(answer["cluster"]).canonicalBytes, as: UTF8.self)
    var first = try value(cluster, as: rule)
    var second = try value(again, as: rule)
    (first.notes, second.notes) = ([], [])
    #expect(first.pools.map(\.levels) == second.pools.map(\.levels))
    #expect(first == second)
  }

  @Test func plansOnAcceleratorsOfACatalogueFile() throws {
    let file = #"{"gpus": [{"id": "ours", "base": "h100", "memory_mb": 40000}]}"#
    var service = PlanService(model: PlainModelRule())
    service.catalogue = try PlanService.catalogue(parsing: Array(file.utf8)).get()
    let response = Router(service.routes).response(
      to: APIRequest(
        method: "POST", path: "/cluster", body: Array(#"{"cluster": "1x8xOURS"}"#.utf8)))
    #expect(response.status == 200)
    let pool = try JSONDocument(parsing: response.body).root["cluster"]?["pools"]?[0]
    #expect(pool?["memory_bytes"]?.integer == 40000 << 20)
    #expect(throws: Problem.self) { try PlanService.catalogue(parsing: Array("{}".utf8)).get() }
  }

  @Test func ordersSlurmNodesByTheirSwitches() throws {
    let cluster = try value(slurm, as: ClusterRule(catalogue: .standard))
    #expect(cluster.pools[0].nodeNames == ["gpu001", "gpu003", "gpu002", "gpu004"])
    #expect(cluster.pools[0].levels.map(\.span) == [8, 16, 32])
    #expect(cluster.pools[0].levels[1].name == "leaf")
  }

  @Test func drawsIt() throws {
    let (status, text, _) = try post(
      #"{"cluster": "2x8xh100+1x8xa100"}"#, accept: ["text/vnd.graphviz"])
    #expect(status == 200)
    #expect(text.hasPrefix("graph cluster {") && text.hasSuffix("}\n"))
    #expect(text.contains("\"node-2\" -- "))
  }

  @Test func takesAMatrix() throws {
    let text = """
      {"pools": [{"gpu": "h100", "nodes": 4}], "network": {"matrix": {
        "node_names": ["node-0", "node-2", "node-1", "node-3"],
        "bandwidth_gbits_per_second":
          [[0, 800, 400, 400], [800, 0, 400, 400], [400, 400, 0, 800], [400, 400, 800, 0]]}}}
      """
    let pool = try value(text, as: ClusterRule(catalogue: .standard)).pools[0]
    #expect(pool.nodeNames == ["node-0", "node-2", "node-1", "node-3"])
    #expect(pool.levels.map(\.span) == [8, 16, 32])
    #expect(pool.levels.map(\.isMeasured) == [false, true, true])
    #expect(pool.levels[1].bandwidth == .gigabits(100))
    #expect(pool.levels[2].bandwidth == .gigabits(50))
  }

  @Test func joinsPoolsByTheNarrowestLinkOfAMatrix() throws {
    let text = """
      {"pools": [{"gpu": "h100", "nodes": 1}, {"gpu": "a100", "nodes": 2}],
       "network": {"matrix": {"bandwidth_gbits_per_second":
          [[0, 160, 80], [160, 0, 800], [80, 800, 0]]}}}
      """
    let cluster = try value(text, as: ClusterRule(catalogue: .standard))
    #expect(cluster.interPool?.bandwidth == .gigabits(10))
    #expect(cluster.interPool?.isMeasured == true)
    #expect(cluster.pools[1].levels.last?.bandwidth == .gigabits(100))
  }

  @Test func takesMeasuredBandwidths() throws {
    let rows = (0..<16).map { "# Rank \($0) Group 0 Pid 1 on host-\($0 / 8) device 0 [0] H100" }
    let table = (rows + ["8589934592 2147483648 float sum -1 1 1 320 0 1 1 300 0"])
      .joined(separator: "\\n")
    let text = """
      {"pools": [{"gpu": "h100", "nodes": 2}], "measurements": [{"nccl_tests": "\(table)"}]}
      """
    let cluster = try value(text, as: ClusterRule(catalogue: .standard))
    let network = cluster.pools[0].levels[1]
    #expect(network.bandwidth == .gigabytes(40))
    #expect(network.isMeasured)
    #expect(!cluster.pools[0].levels[0].isMeasured)
    #expect(cluster.notes.count == 1)
  }

  @Test(arguments: [
    ("{}", ["/pools"]),
    (#"{"pools": [{"gpu": "h100", "nodes": 1}], "slurm": {"nodelist": "a", "gpu": "h100"}}"#, [""]),
    (#"{"slurm": {"nodelist": "a[1-", "gpu": "h100"}}"#, ["/slurm/nodelist"]),
    (#"{"slurm": {"nodelist": "a", "gpu": "h1000"}}"#, ["/slurm/gpu"]),
    (#"{"slurm": {"gpu": "h100"}}"#, ["/slurm/nodelist"]),
    (#"{"slurm": {"nodelist": "a"}}"#, ["/slurm/gpu"]),
    (#"{"slurm": {"nodelist": "a,a", "gpu": "h100"}}"#, ["/slurm/nodelist"]),
    (
      #"{"slurm": {"nodelist": "a", "gpu": "h100", "topology": "SwitchName=x oops"}}"#,
      ["/slurm/topology"]
    ),
    (
      #"{"slurm": {"nodelist": "a", "gpu": "h100", "environment": {"SLURM_JOB_NUM_NODES": 2}}}"#,
      ["/slurm/nodelist"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 2}], "network": {"matrix": {"bandwidth_gbits_per_second": [[0, 1], [2, 0]]}}}"#,
      ["/network/matrix/bandwidth_gbits_per_second/1/0"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 2}], "network": {"matrix": {"bandwidth_gbits_per_second": [[0, 0], [0, 0]]}}}"#,
      ["/network/matrix/bandwidth_gbits_per_second"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 2}], "network": {"matrix": {"bandwidth_gbits_per_second": [[0, 1]]}}}"#,
      ["/network/matrix/bandwidth_gbits_per_second"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1}], "network": {"matrix": {"bandwidth_gbits_per_second": [[0]], "node_names": ["x"]}}}"#,
      ["/network/matrix/node_names/0"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1}], "measurements": [{"pool": "x", "nccl_tests": "y"}]}"#,
      ["/measurements/0/nccl_tests"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1}], "measurements": [{}]}"#,
      [
        "/measurements/0/nccl_tests"
      ]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1, "gpus_per_node": 4}], "measurements": [{"nvidia_smi_topo": "GPU0 GPU1\nGPU0 X NV2\nGPU1 NV2 X"}]}"#,
      ["/measurements/0/nvidia_smi_topo"]
    ),
  ])
  func saysWhatIsWrong(text: String, expected: [String]) throws {
    #expect(try pointers(text, as: ClusterRule(catalogue: .standard)) == expected)
  }
}
