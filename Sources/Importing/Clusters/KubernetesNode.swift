import Hardware
import JSON
import Quantities

/// One node of a Kubernetes cluster, as far as planning needs it.
struct KubernetesNode {
  let value: JSONValue
  let name: String
  let labels: [String: String]
  /// GPUs that pods can ask for.
  let gpus: Int
  /// Resources that are slices of GPUs.
  private let hasSlices: Bool

  /// `nil` after noting what of the node is malformed.
  init?(_ value: JSONValue, _ log: JSONFaultLog) {
    guard value.kind == .object else {
      log.note(value, "expected a Node, found \(value.summary)")
      return nil
    }
    guard let name = value["metadata"]?["name"]?.string, !name.isEmpty, name.utf8.count <= 253
    else {
      log.note(value["metadata"] ?? value, "expected metadata.name, a string of 1 to 253 bytes")
      return nil
    }
    self.value = value
    self.name = name
    var labels: [String: String] = [:]
    for (key, label) in value["metadata"]?["labels"]?.members.map({ ($0, $1) }) ?? [] {
      labels[key] = label.string
    }
    self.labels = labels
    var (count, slices) = (0, false)
    for (resource, amount) in value["status"]?["allocatable"]?.members.map({ ($0, $1) }) ?? [] {
      if resource.hasPrefix("nvidia.com/mig-") || resource == "nvidia.com/gpu.shared" {
        slices = slices || Self.count(amount) != 0
      } else if Self.gpuResources.contains(resource) {
        guard let number = Self.count(amount) else {
          log.note(amount, "expected a whole number of GPUs, found \(amount.summary)")
          return nil
        }
        count += number
      }
    }
    gpus = count
    hasSlices = slices
  }

  private static let gpuResources = ["nvidia.com/gpu", "amd.com/gpu", "habana.ai/gaudi"]

  /// Quantities are strings in Kubernetes; plain numbers are taken too.
  private static func count(_ value: JSONValue) -> Int? {
    let number = value.integer ?? value.string.flatMap { Int($0) }
    return number.flatMap { (0...1024).contains($0) ? $0 : nil }
  }

  /// GPUs that feature discovery saw, if it says so, beside those that are allocatable.
  var labelledGPUs: (Int, Int)? {
    labels["nvidia.com/gpu.count"].flatMap { Int($0) }.map { ($0, gpus) }
  }

  private var product: String? {
    labels["nvidia.com/gpu.product"] ?? labels["cloud.google.com/gke-accelerator"]
      ?? labels["amd.com/gpu.product-name"] ?? labels["beta.amd.com/gpu.product-name"]
  }

  /// The provider's machine that the node is, if it is a known one.
  private var machine: MachineType? {
    labels[Self.machineLabel].flatMap { MachineType.named($0) }
  }

  static let machineLabel = "node.kubernetes.io/instance-type"

  /// Why no whole GPU of the node can be had; nil if some can.
  var reasonToSkip: String? {
    if value["spec"]?["unschedulable"]?.boolean == true { return "unschedulable (cordoned)" }
    if let taint = repellingTaint { return "tainted \(excerpt(taint))" }
    if isNotReady { return "not ready" }
    if hasSlices, gpus == 0 { return "with GPUs cut into slices (MIG or shared)" }
    if gpus == 0 { return "without allocatable GPUs" }
    let label = ProductLabel(product ?? "")
    let strategy = labels["nvidia.com/gpu.sharing-strategy"] ?? "none"
    if label.isShared || label.instanceProfile != nil || strategy != "none" {
      return "with shared or sliced GPUs"
    }
    return nil
  }

  /// A taint that keeps away pods, unless it is the one by which GPU nodes are reserved for GPU jobs.
  private var repellingTaint: String? {
    for taint in value["spec"]?["taints"]?.elements.map({ $0 }) ?? [] {
      guard let key = taint["key"]?.string, let effect = taint["effect"]?.string else { continue }
      let isForGPUs = Self.gpuResources.contains(key)
      if (effect == "NoSchedule" || effect == "NoExecute") && !isForGPUs {
        return "\(key):\(effect)"
      }
    }
    return nil
  }

  private var isNotReady: Bool {
    value["status"]?["conditions"]?.elements.contains {
      $0["type"]?.isString("Ready") == true && $0["status"]?.isString("True") != true
    } ?? false
  }

  /// The node as planning sees it; `nil` after noting what contradicts itself or is unknown.
  func usable(_ catalogue: AcceleratorCatalogue, _ log: JSONFaultLog) -> NodeInventory.Node? {
    let place = value["metadata"]?["labels"] ?? value
    var machine = machine
    guard let name = product.map({ ProductLabel($0).product }) ?? machine?.accelerator else {
      log.note(
        place, member: "nvidia.com/gpu.product",
        "missing: expected the label of GPU feature discovery on a node with GPUs")
      return nil
    }
    guard let accelerator = catalogue.accelerator(named: name) else {
      log.note(
        place, member: "nvidia.com/gpu.product", AcceleratorName.unknown(name, in: catalogue))
      return nil
    }
    // Feature discovery looked; a name may be used again for something else.
    if machine?.accelerator != accelerator.id { machine = nil }
    if let (labelled, allocatable) = labelledGPUs, allocatable > labelled {
      log.note(
        value["status"]?["allocatable"]?["nvidia.com/gpu"] ?? value,
        "\(allocatable) GPUs are allocatable, but the label nvidia.com/gpu.count says \(labelled)")
      return nil
    }
    var memory: ByteCount?
    if let text = labels["nvidia.com/gpu.memory"] {
      guard let mebibytes = Int(text), (1...(1 << 30)).contains(mebibytes) else {
        log.note(
          place, member: "nvidia.com/gpu.memory", "expected MiB, found \"\(excerpt(text))\"")
        return nil
      }
      memory = .mebi(Double(mebibytes))
    }
    return NodeInventory.Node(
      name: self.name, accelerator: accelerator, machine: machine, gpus: gpus, memory: memory,
      scaleUpDomain: scaleUpDomain(accelerator), groups: [])
  }

  /// The NVLink domain, where it is larger than a node.
  private func scaleUpDomain(_ accelerator: Accelerator) -> String? {
    guard accelerator.scaleUpDomain > accelerator.gpusPerNode else { return nil }
    return labels["nvidia.com/gpu.clique"] ?? labels["accelerator.topograph.run/domain"]
      ?? labels["network.topology.nvidia.com/accelerator"]
  }
}
