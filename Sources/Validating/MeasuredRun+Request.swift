import JSON

/// What a published row says, in the words of `/simulate`.
///
/// What the source does not say is left out, so that the service's own defaults hold, but for where the
/// pipeline was cut: the rows' launchers cut uniformly where they are not told otherwise, and have to be
/// told where layers do not divide. The best cut stands for one that somebody chose.
extension MeasuredRun {
  static func request(_ row: JSONValue) -> Request {
    guard let model = row["model"], let hardware = row["hardware"], let strategy = row["strategy"]
    else { return .none(because: "no model, hardware or strategy") }
    func given(_ value: JSONValue?) -> JSONValue? { value.flatMap { $0.isNull ? nil : $0 } }
    func count(_ value: JSONValue?) -> Int? { given(value)?.integer }
    func truth(_ value: JSONValue?) -> Bool { given(value)?.boolean ?? false }
    guard let name = given(hardware["gpu"])?.string, let gpu = gpuNames[name] else {
      return .none(because: "GPU not in the catalogue")
    }
    guard let layers = count(model["layers"]), let hidden = count(model["hidden"]),
      let heads = count(model["heads"]), let vocabulary = count(model["vocab"]),
      let length = count(model["seq_len"]), let batch = count(strategy["global_batch"]),
      let microBatch = count(strategy["micro_batch"]), let gpus = count(hardware["gpus"])
    else { return .none(because: "shape, batch or GPU count unknown") }
    guard let tensor = count(strategy["tp"]), let pipeline = count(strategy["pp"]),
      let data = count(strategy["dp"])
    else { return .none(because: "split unknown") }
    if given(model["attention"]) != nil || given(model["variant"]) != nil
      || given(strategy["partition"]) != nil || given(strategy["layers_per_stage"]) != nil
    {
      return .none(because: "special attention, variant or split")
    }
    guard let precision = precision(given(strategy["precision"])?.string) else {
      return .none(because: "fp4")
    }
    let perNode = min(count(hardware["gpus_per_node"]) ?? 8, gpus)
    let network = given(hardware["inter_bw"])?.string
      .flatMap { nodeGigabits($0, gpusPerNode: perNode) }
    var w = JSONWriter()
    w.object { w in
      w.object("model") { w in
        w.object("transformer") { w in
          w.member("layers", layers)
          w.member("hidden_size", hidden)
          w.member("heads", heads)
          w.member("kv_heads", count(model["kv_heads"]) ?? heads)
          w.member("ffn_hidden_size", count(model["ffn_hidden"]) ?? 4 * hidden)
          w.member("vocab_size", vocabulary)
          w.member("gated_mlp", truth(model["gated_mlp"]))
          w.member("tied_embeddings", truth(model["tied_embeddings"]))
          if let width = count(model["head_dim"]) { w.member("head_dim", width) }
          guard let experts = count(model["experts"]) else { return }
          w.object("experts") { w in
            w.member("count", experts)
            w.member("top_k", count(model["top_k"]) ?? 1)
            w.member(
              "ffn_hidden_size",
              count(model["moe_ffn_hidden"]) ?? count(model["ffn_hidden"]) ?? 4 * hidden)
            w.member("shared_ffn_hidden_size", count(model["shared_expert_ffn"]) ?? 0)
            w.member("dense_layers", count(model["dense_layers"]) ?? 0)
            w.member("every", truth(model["moe_every_other_layer"]) ? 2 : 1)
          }
        }
      }
      w.object("cluster") { w in
        w.array("pools", [gpu]) { w, gpu in
          w.object { w in
            w.member("gpu", gpu)
            w.member("gpus_per_node", perNode)
            w.member("nodes", gpus / perNode)
            if let network {
              w.object("inter_node") { $0.member("bandwidth_gbits_per_second_per_node", network) }
            }
          }
        }
      }
      w.object("training") { w in
        w.member("global_batch_size", batch)
        w.member("sequence_length", length)
        w.member("precision", precision)
        w.member("optimizer", "adam")
      }
      w.object("plan") { w in
        let chunks = count(strategy["vpp"]) ?? 1
        if pipeline > 1, layers.isMultiple(of: pipeline * chunks) { w.member("split", "uniform") }
        w.object("strategy") { w in
          w.member("pipeline_parallel", pipeline)
          w.member("tensor_parallel", tensor)
          w.member("data_parallel", data)
          w.member("context_parallel", count(strategy["cp"]) ?? 1)
          w.member("expert_parallel", count(strategy["ep"]) ?? 1)
          w.member("virtual_stages", chunks)
          w.member("micro_batch_size", microBatch)
          w.member("zero_stage", zeroStage(given(strategy["zero_stage_or_fsdp"])?.string))
          w.member("schedule", chunks > 1 ? "interleaved" : "1f1b")
          if let isSplit = given(strategy["sequence_parallel"])?.boolean {
            w.member("sequence_parallel", isSplit && tensor > 1)
          }
          if let recompute = given(strategy["recompute"])?.string {
            w.member("recompute", recompute)
          }
        }
      }
    }
    guard let document = try? JSONDocument(parsing: w.finish()) else {
      preconditionFailure("what the writer wrote is JSON")
    }
    return .body(document.root)
  }

  private static func precision(_ text: String?) -> String? {
    guard let text else { return "bf16" }
    if text.contains("fp8") { return "fp8" }
    if text.contains("fp4") { return nil }
    return text.split(separator: " ").first.map(String.init) ?? "bf16"
  }

  private static func zeroStage(_ text: String?) -> Int {
    guard let text, text != "none" else { return 0 }
    if ["ZeRO-3", "FULL_SHARD", "FSDP", "HSDP"].contains(where: text.contains) { return 3 }
    if ["ZeRO-2", "GRAD_OP"].contains(where: text.contains) { return 2 }
    return ["ZeRO-1", "distributed optimizer"].contains(where: text.contains) ? 1 : 0
  }

  /// Gb/s of a node out of words such as `8x200 Gb/s HDR IB per node` or `400 Gb/s per GPU RDMA`.
  private static func nodeGigabits(_ text: String, gpusPerNode: Int) -> Int? {
    let form = /(?:(\d+)x)?(\d+) ?(Gb\/s|GB\/s)(.*)/
    guard let match = text.prefixMatch(of: form), let each = Int(match.2) else { return nil }
    let ports = match.1.flatMap { Int($0) } ?? 1
    let bits = ports * each * (match.3 == "GB/s" ? 8 : 1)
    return match.4.contains("per GPU") ? bits * gpusPerNode : bits
  }

  private static let gpuNames = [
    "A100-SXM-80GB": "a100-sxm4-80gb", "A100-SXM-40GB": "a100-sxm4-40gb",
    "H100-SXM-80GB": "h100-sxm5-80gb", "V100-SXM2-32GB": "v100-sxm2-32gb",
    "V100-SXM3-32GB": "v100-sxm2-32gb", "V100-SXM2-16GB": "v100-sxm2-16gb", "T4-16GB": "t4",
    "GB200": "gb200", "B200-SXM-180GB": "b200-sxm", "GB300": "gb300", "B300": "b300-sxm",
    "H200-SXM-141GB": "h200-sxm", "A800-SXM-80GB": "a800-sxm4-80gb",
    "H800-SXM-80GB": "h800-sxm5", "GH200-96GB": "gh200-96gb", "MI355X-288GB": "mi355x",
  ]
}
