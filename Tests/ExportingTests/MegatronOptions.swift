/// Options of Megatron-LM's parser, as far as exports use them: what its `argparse` says of each.
enum MegatronOption {
  case flag
  case integer
  case number
  case choice(Set<String>)
  case text
  /// One or more of any.
  case texts

  static let known: [String: MegatronOption] = [
    "--accumulate-allreduce-grads-in-fp32": .flag,
    "--add-qkv-bias": .flag,
    "--attention-backend": .choice(["flash", "fused", "unfused", "local", "auto"]),
    "--attention-dropout": .number,
    "--bf16": .flag,
    "--ckpt-format": .choice(["torch", "torch_dist", "torch_dcp", "fsdp_dtensor"]),
    "--context-parallel-size": .integer,
    "--data-parallel-sharding-strategy":
      .choice(["no_shard", "optim", "optim_grads", "optim_grads_params"]),
    "--disable-bias-linear": .flag,
    "--exp-avg-dtype": .choice(["fp32", "fp16", "bf16", "fp8"]),
    "--exp-avg-sq-dtype": .choice(["fp32", "fp16", "bf16", "fp8"]),
    "--expert-model-parallel-size": .integer,
    "--expert-tensor-parallel-size": .integer,
    "--ffn-hidden-size": .integer,
    "--fp16": .flag,
    "--fp8-format": .choice(["e4m3", "hybrid"]),
    "--global-batch-size": .integer,
    "--grad-reduce-in-bf16": .flag,
    "--group-query-attention": .flag,
    "--hidden-dropout": .number,
    "--hidden-size": .integer,
    "--kv-channels": .integer,
    "--kv-lora-rank": .integer,
    "--max-position-embeddings": .integer,
    "--micro-batch-size": .integer,
    "--moe-ffn-hidden-size": .integer,
    "--moe-grouped-gemm": .flag,
    "--moe-layer-freq": .text,
    "--moe-router-topk": .integer,
    "--moe-shared-expert-gate": .flag,
    "--moe-shared-expert-intermediate-size": .integer,
    "--moe-token-dispatcher-type": .choice(["allgather", "alltoall", "flex"]),
    "--multi-latent-attention": .flag,
    "--normalization": .choice(["LayerNorm", "RMSNorm"]),
    "--num-attention-heads": .integer,
    "--num-experts": .integer,
    "--num-layers": .integer,
    "--num-query-groups": .integer,
    "--num-virtual-stages-per-pipeline-rank": .integer,
    "--optimizer":
      .choice(["adam", "sgd", "muon", "dist_muon", "lion", "soap", "adaptive_muon"]),
    "--overlap-grad-reduce": .flag,
    "--overlap-param-gather": .flag,
    "--pipeline-model-parallel-layout": .text,
    "--pipeline-model-parallel-size": .integer,
    "--position-embedding-type":
      .choice(["learned_absolute", "rope", "yarn", "mrope", "relative", "none"]),
    "--q-lora-rank": .integer,
    "--qk-head-dim": .integer,
    "--qk-layernorm": .flag,
    "--qk-pos-emb-head-dim": .integer,
    "--recompute-granularity": .choice(["full", "selective"]),
    "--recompute-method": .choice(["uniform", "block"]),
    "--recompute-modules": .texts,
    "--recompute-num-layers": .integer,
    "--seq-length": .integer,
    "--sequence-parallel": .flag,
    "--swiglu": .flag,
    "--tensor-model-parallel-size": .integer,
    "--untie-embeddings-and-output-weights": .flag,
    "--use-distributed-optimizer": .flag,
    "--use-megatron-fsdp": .flag,
    "--use-precision-aware-optimizer": .flag,
    "--v-head-dim": .integer,
    "--vocab-size": .integer,
  ]

  func admits(_ values: [String]) -> Bool {
    switch self {
    case .flag: values.isEmpty
    case .integer: values.count == 1 && Int(values[0]) != nil
    case .number: values.count == 1 && Double(values[0]) != nil
    case .choice(let choices): values.count == 1 && choices.contains(values[0])
    case .text: values.count == 1
    case .texts: !values.isEmpty
    }
  }
}

/// An argument list taken apart: each option with its values, none twice.
struct MegatronArguments {
  var options: [String: [String]] = [:]

  init?(_ arguments: [String]) {
    var current: String?
    for argument in arguments {
      if argument.hasPrefix("--") {
        guard options.updateValue([], forKey: argument) == nil else { return nil }
        current = argument
      } else {
        guard let current else { return nil }
        options[current]!.append(argument)
      }
    }
  }

  func integer(_ option: String, absent: Int? = nil) -> Int? {
    options[option].flatMap { $0.first }.flatMap { Int($0) } ?? absent
  }

  func has(_ option: String) -> Bool { options[option] != nil }
}
