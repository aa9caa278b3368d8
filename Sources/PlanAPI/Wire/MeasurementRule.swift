import Hardware
import Importing
import JSON
import Quantities

/// What was seen or measured on the nodes of one pool, or of all.
struct MeasurementRequest: Sendable {
  var pool: String?
  var topology: NVLinkTopology?
  var benchmark: CollectiveBenchmark?
  let value: JSONValue
}

/// Reads `{"pool"?, "nvidia_smi_topo"?: text, "nccl_tests"?: text or JSON}`.
struct MeasurementRule: JSONRule {
  var expectation: String { "an object with nvidia_smi_topo or nccl_tests" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MeasurementRequest? {
    Self.members.read(value, log)
  }

  private static let members: JSONObjectRule<MeasurementRequest> = .object { measurement in
    let pool: String? = measurement.optional("pool", .nonEmptyString)
    let topology = measurement.value("nvidia_smi_topo").flatMap {
      Self.topology($0, measurement.log)
    }
    let benchmark = measurement.value("nccl_tests").flatMap { Self.benchmark($0, measurement.log) }
    if measurement.object["nvidia_smi_topo"] == nil, measurement.object["nccl_tests"] == nil {
      measurement.note("nccl_tests", "missing: expected nvidia_smi_topo or nccl_tests")
    }
    guard measurement.isSound else { return nil }
    return MeasurementRequest(
      pool: pool, topology: topology, benchmark: benchmark, value: measurement.object)
  }

  private static func topology(_ value: JSONValue, _ log: JSONFaultLog) -> NVLinkTopology? {
    guard let text = value.string else {
      log.note(value, "expected the text that nvidia-smi topo -m prints, found \(value.summary)")
      return nil
    }
    do throws(TextFault) {
      return try NVLinkTopology(text)
    } catch {
      log.note(value, error.sentence)
      return nil
    }
  }

  private static func benchmark(_ value: JSONValue, _ log: JSONFaultLog) -> CollectiveBenchmark? {
    do throws(TextFault) {
      if let text = value.string { return try CollectiveBenchmark(text: text) }
      return try CollectiveBenchmark(json: value)
    } catch {
      log.note(value, error.sentence)
      return nil
    }
  }
}

extension MeasurementRequest {
  /// Puts what was measured in the place of what the catalogue would say.
  func apply(to pools: inout [PoolRequest], _ notes: inout [String], _ log: JSONFaultLog) {
    let chosen = pools.indices.filter { index in
      pool.map { $0 == pools[index].name ?? pools[index].accelerator.id } ?? true
    }
    if chosen.isEmpty, let pool {
      let known = pools.map { $0.name ?? $0.accelerator.id }
      log.note(value["pool"] ?? value, Sentence.unknownPool(pool, known: known))
    }
    for index in chosen {
      if let topology { apply(topology, to: &pools[index], &notes, log) }
      if let benchmark { apply(benchmark, to: &pools[index], &notes, log) }
    }
  }

  private func apply(
    _ topology: NVLinkTopology, to pool: inout PoolRequest, _ notes: inout [String],
    _ log: JSONFaultLog
  ) {
    if let gpus = pool.gpusPerNode, gpus != topology.gpus {
      log.note(
        value["nvidia_smi_topo"] ?? value,
        Sentence.topologyGPUs(topology.gpus, gpusPerNode: gpus))
      return
    }
    pool.gpusPerNode = topology.gpus
    // One node's matrix says nothing of a domain that spans nodes.
    guard pool.accelerator.scaleUpDomain <= pool.accelerator.gpusPerNode else { return }
    let domain = topology.scaleUpDomain
    pool.scaleUpDomain = pool.scaleUpDomain ?? (topology.gpus.isMultiple(of: domain) ? domain : 1)
    if pool.intraNode.bandwidth == nil, let bandwidth = topology.bandwidth(of: pool.accelerator) {
      pool.intraNode.bandwidth = bandwidth
      notes.append(
        "nvidia-smi shows NVLink groups of \(domain) GPUs with "
          + "\(JSONWriter.text(bandwidth.value / 1e9)) GB/s each")
    }
  }

  private func apply(
    _ benchmark: CollectiveBenchmark, to pool: inout PoolRequest, _ notes: inout [String],
    _ log: JSONFaultLog
  ) {
    let gpus = pool.gpusPerNode ?? pool.accelerator.gpusPerNode
    guard benchmark.ranksPerHost <= gpus else {
      log.note(
        value["nccl_tests"] ?? value,
        Sentence.benchmarkRanks(benchmark.ranksPerHost, gpusPerNode: gpus))
      return
    }
    let measured = JSONWriter.text(benchmark.busBandwidth.value / 1e9)
    if benchmark.hosts == 1 {
      pool.intraNode.bandwidth = benchmark.busBandwidth
      pool.intraNode.isMeasured = true
      notes.append("\(measured) GB/s a GPU within nodes, measured by nccl-tests")
    } else {
      // Each rank brings its share of a host's ports.
      pool.interNode.bandwidth = benchmark.busBandwidth / benchmark.ranksPerHost * gpus
      pool.interNode.isMeasured = true
      notes.append(
        "\(measured) GB/s a host between nodes, measured by nccl-tests with "
          + "\(benchmark.ranksPerHost) ranks a host")
    }
  }
}
