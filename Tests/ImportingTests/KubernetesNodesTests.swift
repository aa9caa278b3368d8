import Hardware
import Importing
import JSON
import Quantities
import Testing

private let rule = KubernetesNodesRule(catalogue: .standard)

/// A node as the API server prints it.
private func node(
  _ name: String, product: String = "NVIDIA-H100-80GB-HBM3", count: Int = 8,
  allocatable: Int? = nil, labels: [String: String] = [:], spec: String = "{}"
) -> String {
  var all = [
    "nvidia.com/gpu.product": product, "nvidia.com/gpu.count": "\(count)",
    "nvidia.com/gpu.memory": "81559",
  ]
  all.merge(labels) { $1 }
  let text = all.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }
  return """
    {"metadata": {"name": "\(name)", "labels": {\(text.joined(separator: ", "))}},
     "status": {"allocatable": {"nvidia.com/gpu": "\(allocatable ?? count)"},
                "conditions": [{"type": "Ready", "status": "True"}]},
     "spec": \(spec)}
    """
}

private func list(_ nodes: [String]) -> String {
  "{\"apiVersion\": \"v1\", \"kind\": \"NodeList\", \"items\": [\(nodes.joined(separator: ","))]}"
}

private func inventory(_ nodes: [String]) throws -> NodeInventory {
  try JSONDocument(parsing: list(nodes)).root.read(as: rule).get()
}

private func faults(_ text: String) throws -> [String] {
  switch try JSONDocument(parsing: text).root.read(as: rule) {
  case .success: []
  case .failure(let faults): faults.list.map(\.description)
  }
}

@Suite struct KubernetesNodesTests {
  @Test func readsNodesOfOneKind() throws {
    let inventory = try inventory((0..<4).map { node("gpu-\($0)") })
    let (groups, _) = inventory.groups()
    #expect(groups.count == 1)
    #expect(groups[0].accelerator.id == "h100-sxm5-80gb")
    #expect(groups[0].gpusPerNode == 8)
    #expect(groups[0].memory == .mebi(81559))
    #expect(groups[0].nodeNames == ["gpu-0", "gpu-1", "gpu-2", "gpu-3"])
    #expect(groups[0].fabric.isEmpty)
    #expect(inventory.notes.contains { $0.contains("no topology labels") })
  }

  @Test func putsNeighboursTogether() throws {
    let leaves = ["b", "a", "b", "a"]
    let inventory = try inventory(
      leaves.enumerated().map { index, leaf in
        node(
          "n\(index)",
          labels: [
            "fabric.topograph.run/tier-0": leaf, "fabric.topograph.run/tier-1": "spine",
            "topology.kubernetes.io/zone": "z",
          ])
      })
    let group = inventory.groups().groups[0]
    #expect(group.nodeNames == ["n0", "n2", "n1", "n3"])
    #expect(group.fabric.map(\.nodes) == [2, nil])
    #expect(group.fabric.first?.name == "tier-0")
  }

  @Test func ordersAWSLayersFromTheInstanceOutwards() throws {
    let inventory = try inventory(
      (0..<4).map { index in
        node(
          "n\(index)",
          labels: [
            "topology.k8s.aws/network-node-layer-1": "nn-a",
            "topology.k8s.aws/network-node-layer-2": "nn-b\(index / 2)",
            "topology.k8s.aws/network-node-layer-3": "nn-c\(index)",
          ])
      })
    #expect(inventory.levelNames == ["layer-3", "layer-2"])
  }

  @Test func knowsNetworksFromInstanceTypes() throws {
    let label = "node.kubernetes.io/instance-type"
    let inventory = try inventory([
      node("a", labels: [label: "p5.48xlarge"]), node("b", labels: [label: "a3-highgpu-8g"]),
      node("c", labels: [label: "p5.48xlarge"]), node("d", labels: [label: "m5.large"]),
      // A name that does not tell what feature discovery sees is not believed.
      node("e", labels: [label: "p4d.24xlarge"]),
    ])
    let (groups, _) = inventory.groups()
    #expect(groups.map(\.machine?.name) == ["p5.48xlarge", "a3-highgpu-8g", nil])
    #expect(groups.map(\.nodeNames) == [["a", "c"], ["b"], ["d", "e"]])
    #expect(inventory.notes.filter { $0.contains(label) }.count == 2)
    #expect(inventory.notes.contains { $0.contains("a3-highgpu-8g, 800 Gbit/s a node") })
  }

  @Test func knowsGPUsFromInstanceTypesWhereNothingElseTells() throws {
    let inventory = try inventory([
      """
      {"metadata": {"name": "n", "labels": {"node.kubernetes.io/instance-type": "p4de.24xlarge"}},
       "status": {"allocatable": {"nvidia.com/gpu": "8"}}, "spec": {}}
      """
    ])
    #expect(inventory.groups().groups[0].accelerator.id == "a100-sxm4-80gb")
  }

  @Test func findsDomainsThatSpanNodes() throws {
    let inventory = try inventory(
      (0..<36).map { index in
        node(
          "gb-\(index)", product: "NVIDIA-GB200", count: 4,
          labels: ["nvidia.com/gpu.clique": "rack-\(index % 2)", "nvidia.com/gpu.memory": "189471"])
      })
    let group = inventory.groups().groups[0]
    #expect(group.scaleUpDomain == 72)
    #expect(group.nodeNames.prefix(18).allSatisfy { Int($0.dropFirst(3))! % 2 == 0 })
  }

  @Test(arguments: [
    (node("x", spec: #"{"unschedulable": true}"#), "x unschedulable"),
    (
      node("x", spec: #"{"taints": [{"key": "maintenance", "effect": "NoSchedule"}]}"#),
      "x tainted maintenance:NoSchedule"
    ),
    (node("x", product: "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"), "x with shared"),
    (node("x", product: "NVIDIA-H100-80GB-HBM3-SHARED"), "x with shared"),
    (node("x", allocatable: 0), "x without allocatable"),
    (
      node("x").replacing(#""status": "True""#, with: #""status": "Unknown""#), "x not ready"
    ),
  ])
  func passesOverWhatCannotBeUsed(odd: String, note: String) throws {
    let inventory = try inventory([node("a"), odd])
    #expect(inventory.nodes.map(\.name) == ["a"])
    #expect(inventory.notes.contains { $0.hasPrefix("passed over: " + note) }, "\(inventory.notes)")
    #expect(try faults(list([odd])).count == 1)
  }

  @Test func toleratesTheTaintOfGPUNodes() throws {
    let taint = #"{"taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]}"#
    #expect(try inventory([node("a", spec: taint)]).nodes.count == 1)
  }

  @Test func keepsPartlyFailedNodesApart() throws {
    let inventory = try inventory([node("a"), node("b", allocatable: 6), node("c")])
    let groups = inventory.groups().groups
    #expect(groups.map(\.gpusPerNode) == [8, 6])
    #expect(groups.map(\.nodeNames) == [["a", "c"], ["b"]])
    #expect(inventory.notes.contains { $0.contains("b (6 of 8)") })
  }

  @Test(arguments: [
    (
      list([node("a", allocatable: 9)]),
      "/items/0/status/allocatable/nvidia.com~1gpu: 9 GPUs are allocatable"
    ),
    (
      list([node("a"), node("b", product: "NVIDIA-H1000")]),
      "/items/1/metadata/labels/nvidia.com~1gpu.product: unknown GPU"
    ),
    (list([node("a"), node("a")]), "/items/1: two nodes are named"),
    (list([]), "(the whole): no node has GPUs"),
    ("{}", "(the whole): expected a Kubernetes NodeList"),
    ("[1]", "(the whole): expected a Kubernetes NodeList"),
    (#"{"kind": "PodList", "items": 3}"#, "(the whole): expected a Kubernetes NodeList"),
    (list(["3"]), "/items/0: expected a Node"),
    (list([#"{"metadata": {}}"#]), "/items/0/metadata: expected metadata.name"),
    (
      list([
        #"{"metadata": {"name": "a"}, "status": {"allocatable": {"nvidia.com/gpu": "8"}}}"#
      ]),
      "/items/0/nvidia.com~1gpu.product: missing"
    ),
  ])
  func saysWhatIsWrong(text: String, fault: String) throws {
    let found = try faults(text)
    #expect(found.count == 1 && found[0].hasPrefix(fault), "\(found)")
  }
}
